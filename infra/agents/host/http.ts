import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { HostAgent } from './agent.ts';
import { formatMetrics } from './counts.ts';

/**
 * Answer `/health/live`, `/health/ready` and `/metrics`, as every process of Ebbtide does, without a framework.
 *
 * @returns the address, and a function that stops it
 * @throws {EbbtideError} `CONFIG_INVALID` where the port is taken
 */
export const serveAgent = async (
  agent: HostAgent,
  { host, port }: { host: string; port: number },
): Promise<{ address: string; close: () => Promise<void> }> => {
  const routes: Record<string, () => { status: number; type: string; body: string }> = {
    '/health/live': () => ({ status: 200, type: 'application/json', body: '{"live":true}' }),
    '/health/ready': () => {
      const health = agent.health();
      const body = JSON.stringify({ ready: health.ready, parts: [{ name: 'agent', ...health }] });
      return { status: health.ready ? 200 : 503, type: 'application/json', body };
    },
    '/metrics': () => ({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      body: formatMetrics(agent.counts()),
    }),
  };
  const server = createServer((request, response) => {
    const route = request.method === 'GET' ? routes[request.url ?? ''] : undefined;
    const { status, type, body } = route?.() ?? { status: 404, type: 'text/plain', body: 'Not found\n' };
    response
      .writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      .end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new EbbtideError(
          'CONFIG_INVALID',
          `Cannot listen on ${host}:${port}: ${cause.message}; set http.port to another port, or to 0 for any`,
          { host, port },
          cause,
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
