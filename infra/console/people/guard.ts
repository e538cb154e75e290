import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Person } from './person.ts';
import { type Role, roles, suffices } from './roles.ts';

/** Finds out who asks; undefined when nobody was let in. */
export type Recognise = (request: FastifyRequest, reply: FastifyReply) => Promise<Person | undefined>;

/** What {@link guardRoutes} works with. */
export interface GuardOptions {
  readonly recognise: Recognise;
  /** Words for those whom nobody let in. */
  readonly turnAway: string;
  /** Told of each request that is let through; may refuse it by throwing. */
  admitted(request: FastifyRequest, person: Person): void;
  /** Told of each request that needed more rights than its person has. */
  refused(request: FastifyRequest, person: Person, needed: Role): Promise<void>;
}

/**
 * Let each route answer only to whoever has the role that it declares in `config.role`, and refuse to start with one that
 * declares none.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` at the registration of a route without a role; at a request `UNAUTHENTICATED` or
 *   `FORBIDDEN`
 * @example
 * server.post('/api/labels', { config: { role: 'analyst' } }, async (request) => label(personOf(request)));
 */
export const guardRoutes = (server: FastifyInstance, options: GuardOptions): void => {
  server.decorateRequest('person', null);
  server.addHook('onRoute', ({ url, method, config }) => {
    const role = config?.role;
    if (role === 'public' || (role !== undefined && roles.includes(role))) return;
    throw new EbbtideError('CONFIG_INVALID', `Route ${String(method)} ${url} does not say which role it needs`, {
      url,
    });
  });
  server.addHook('onRequest', async (request, reply) => {
    const needed = request.is404 ? 'viewer' : request.routeOptions.config.role;
    if (needed === undefined || needed === 'public') return;
    const person = await options.recognise(request, reply);
    if (!person) throw new EbbtideError('UNAUTHENTICATED', options.turnAway);
    request.person = person;
    options.admitted(request, person);
    if (suffices(person.role, needed)) return;
    await options.refused(request, person, needed);
    throw new EbbtideError(
      'FORBIDDEN',
      `This needs the role ${needed}, and ${person.name} is ${person.role}; ask an administrator of Ebbtide for it`,
      { needed, role: person.role },
    );
  });
};

/**
 * Who asks, on a route that is not public.
 *
 * @throws {EbbtideError} `UNAUTHENTICATED`
 */
export const personOf = (request: FastifyRequest): Person => {
  if (!request.person) throw new EbbtideError('UNAUTHENTICATED', 'Nobody was let in for this request');
  return request.person;
};
