import { fastify } from 'fastify';
import type { Registry } from 'prom-client';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Running } from '../context.ts';
import { healthOf } from './health.ts';

/**
 * Answer `/health/live`, `/health/ready` and `/metrics` for a process.
 *
 * Live means that the event loop turns, and that nothing is wrong that only a new start mends: then the answer is 503. Ready means that every part says so; otherwise the answer is 503 and names
 * each part with its reason.
 *
 * @param parts - asked anew at every request, so that parts may come and go
 * @param lost - why nothing but a new start helps; undefined while all is well
 * @returns the server, itself a part; its `address` is a URL
 * @throws {EbbtideError} `CONFIG_INVALID` when the port is taken
 * @example
 * const server = await startHealthServer({ host: '127.0.0.1', port: 0 }, () => parts, metrics);
 * await fetch(`${server.address}/health/ready`);
 */
export const startHealthServer = async (
  { host, port }: { host: string; port: number },
  parts: () => readonly Running[],
  metrics: Registry,
  lost: () => string | undefined = () => undefined,
): Promise<Running> => {
  const server = fastify({ logger: false });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  server.get('/health/live', async (_request, reply) => {
    const detail = lost();
    return detail === undefined ? { live: true } : reply.code(503).send({ live: false, detail });
  });
  server.get('/health/ready', async (_request, reply) => {
    const health = await healthOf(parts());
    return reply.code(health.ready ? 200 : 503).send(health);
  });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  try {
    const address = await server.listen({ host, port });
    return {
      name: 'http',
      address,
      health: async () => ({ ready: true, detail: `Listening on ${address}` }),
      failed: new Promise<never>(() => {}),
      close: async () => server.close(),
    };
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new EbbtideError(
      'CONFIG_INVALID',
      taken
        ? `Port ${port} on ${host} is taken; set http.port to another one, or to 0 for any`
        : `Cannot listen on ${host}:${port}: ${(error as Error).message}`,
      { host, port },
      error,
    );
  }
};
