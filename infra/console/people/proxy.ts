import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { PeopleConfig } from './config.ts';
import type { Person } from './person.ts';
import { roleOf } from './roles.ts';

const nameLength = 256;

/**
 * Reads who a proxy in front has let in, from its headers.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where a trusted proxy is no address
 */
export const proxyEntrance = (config: PeopleConfig): ((request: FastifyRequest) => Person | undefined) => {
  const trusted = networks(config.trustedProxies);
  const userHeader = config.userHeader.toLowerCase();
  const groupsHeader = config.groupsHeader.toLowerCase();
  const otherwise = config.defaultRole ?? 'viewer';
  return (request) => {
    const name = request.headers[userHeader]?.toString().trim();
    const from = request.socket.remoteAddress ?? '';
    if (!name || name.length > nameLength || !trusted(from)) return undefined;
    const groups = (request.headers[groupsHeader]?.toString() ?? '').split(',').map((group) => group.trim());
    const role = roleOf(groups, config.roles as never) ?? otherwise;
    if (role === 'none') return undefined;
    return { id: `proxy:${name}`, name, role, how: 'proxy', owner: `proxy:${name}` };
  };
};

const networks = (ranges: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    try {
      if (prefix === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(prefix), family);
    } catch (cause) {
      throw new EbbtideError(
        'CONFIG_INVALID',
        `Key console.trustedProxies holds ${JSON.stringify(range)}; expected an address or a network such as 10.0.0.0/8`,
        { key: 'console.trustedProxies' },
        cause,
      );
    }
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
};
