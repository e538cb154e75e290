import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request that a {@link recorder} was sent. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a recorder answers. */
export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/**
 * A real HTTP server on the loopback interface that keeps what it is sent.
 *
 * @param answer - decides on each request; a 200 when absent
 */
export const recorder = async (
  t: TestContext,
  answer: (request: Recorded, number: number) => Reply | Promise<Reply> = () => ({ status: 200 }),
): Promise<{ readonly url: string; readonly requests: Recorded[] }> => {
  const requests: Recorded[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { method = '', url: path = '', headers } = request;
    const recorded = { method, path, headers, body: Buffer.concat(pieces).toString('utf8') };
    requests.push(recorded);
    const { status, headers: more = {}, body = '' } = await answer(recorded, requests.length);
    response.writeHead(status, more).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
};
