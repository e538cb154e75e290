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
    // A proxy that adds its header beside one that was sent would let people choose their names and groups
    const { headersDistinct } = request.raw;
    if ([userHeader, groupsHeader].some((header) => (headersDistinct[header]?.length ?? 0) > 1)) return undefined;
    const groups = (request.headers[groupsHeader]?.toString() ?? '').split(',').map((group) => group.trim());
    const role = roleOf(groups, config.roles as never) ?? otherwise;
    if (role === 'none') return undefined;
    return { id: `proxy:${name}`, name, role, how: 'proxy', owner: `proxy:${name}` };
  };
};
