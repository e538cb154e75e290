import type { FastifyRequest } from 'fastify';
import type { PeopleConfig } from './config.ts';
import { withinNetworks } from './networks.ts';
import type { Person } from './person.ts';
import { roleOf } from './roles.ts';

const nameLength = 256;

/** Reads who a proxy in front has let in, from its headers. */
export const proxyEntrance = (config: PeopleConfig): ((request: FastifyRequest) => Person | undefined) => {
  const trusted = withinNetworks(config.trustedProxies);
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
