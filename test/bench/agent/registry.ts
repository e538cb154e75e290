import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The two answers of a schema registry that the agent asks for at its start; it has no part in what is measured. */
export const startOneSchemaRegistry = async (): Promise<{ url: string; close: () => void }> => {
  const server = createServer((request, response) => {
    const answer = request.url?.startsWith('/config') ? { compatibility: 'BACKWARD' } : { id: 1, version: 1 };
    request.resume();
    response.writeHead(200, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
};
