import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { listenAt } from '../../../infra/http/listenAt.ts';

test('listenAt', async (t) => {
  const opened: Server[] = [];
  t.after(() => opened.map((server) => server.close()));
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        opened.push(server);
        resolve((server.address() as { port: number }).port);
      });
    });
  const first = await listenAt(listen, 0);

  await t.test('must take another port where one is taken, and tell of it', async () => {
    const told: number[] = [];
    const second = await listenAt(listen, first, (port) => told.push(port));
    assert.notEqual(second, first);
    assert.deepEqual(told, [first]);
  });

  await t.test('must insist on the port where nobody is to be told', async () => {
    await assert.rejects(listenAt(listen, first), { code: 'EADDRINUSE' });
  });

  await t.test('must leave other errors as they are', async () => {
    const refuse = () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
    await assert.rejects(
      listenAt(refuse, 1, () => assert.fail()),
      { code: 'EACCES' },
    );
  });
});
