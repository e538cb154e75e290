import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

/** A route that a service answers. */
export interface Route {
  readonly method: string;
  /** As Fastify writes it, such as `/v1/keys/:id`. */
  readonly path: string;
  /** The role that it needs, where it declares one. */
  readonly role: string | undefined;
}

/**
 * The routes of every Fastify server that is made meanwhile, in their order, HEAD left out. Fastify tells of each instance
 * before its maker adds routes.
 *
 * @param make - makes servers and adds routes; what they work with is never asked for
 */
export const routesOf = async (make: () => unknown): Promise<readonly Route[]> => {
  const routes: Route[] = [];
  const listen = (message: unknown): void => {
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat())
        if (one !== 'HEAD' && !url.includes('*'))
          routes.push({ method: one, path: url, role: (config as { role?: string } | undefined)?.role });
    });
  };
  subscribe('fastify.initialization', listen);
  try {
    await make();
  } finally {
    unsubscribe('fastify.initialization', listen);
  }
  return routes;
};
