import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';

/** A certificate and its key as a server's options. */
export const pem = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});

/**
 * A server by HTTPS before one that speaks HTTP; it tells who came, and by which headers.
 *
 * @param dropped - headers that are not passed on
 */
export const httpsBefore = async (t: TestContext, url: string, tls: ServerOptions, dropped: readonly string[] = []) => {
  const seen: { name: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(tls, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const peer = (incoming.socket as TLSSocket).getPeerCertificate();
    seen.push({ name: peer.subject?.CN as string | undefined, headers });
    const passedOn = Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.includes(name)));
    // A connection each: the server closes idle ones, and one that is closing must not be taken
    const passed = request(new URL(incoming.url ?? '/', url), { method, headers: passedOn, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, seen, address: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
};
