import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Health, Running } from '../../../infra/context.ts';
import { healthOf } from '../../../infra/http/health.ts';
import { startHealthServer } from '../../../infra/http/server.ts';
import { createMetrics } from '../../../infra/metrics.ts';

const part = (name: string, health: () => Promise<Health>): Running => ({
  name,
  health,
  failed: new Promise<never>(() => {}),
  close: async () => {},
});
const well = part('well', async () => ({ ready: true, detail: 'Works' }));

test('healthOf is ready only when there are parts and each of them is', async () => {
  assert.equal((await healthOf([])).ready, false);
  assert.equal((await healthOf([well])).ready, true);
  const ill = part('ill', async () => ({ ready: false, detail: 'Vault refuses our token' }));
  const { ready, parts } = await healthOf([well, ill]);
  assert.equal(ready, false);
  assert.deepEqual(parts.at(1), { name: 'ill', ready: false, detail: 'Vault refuses our token' });
});

test('healthOf takes a part that fails or does not answer as not ready', async () => {
  const fails = part('fails', () => Promise.reject(new Error('Broken')));
  const hangs = part('hangs', () => new Promise<Health>(() => {}));
  const { parts } = await healthOf([fails, hangs], 20);
  assert.deepEqual(
    parts.map(({ ready, detail }) => [ready, detail]),
    [
      [false, 'Broken'],
      [false, 'Gave no answer within 20 ms'],
    ],
  );
});

test('startHealthServer answers live, ready and metrics, and 503 while a part is not ready', async (t) => {
  let ready = true;
  const parts = [part('actuate', async () => ({ ready, detail: ready ? 'Works' : 'Vault is sealed' }))];
  const server = await startHealthServer({ host: '127.0.0.1', port: 0 }, () => parts, createMetrics('test', '0.0.0'));
  t.after(() => server.close());
  const ask = (path: string) => fetch(`${server.address}${path}`);
  assert.equal((await ask('/health/live')).status, 200);
  assert.equal((await ask('/health/ready')).status, 200);
  ready = false;
  const answer = await ask('/health/ready');
  assert.equal(answer.status, 503);
  assert.deepEqual(await answer.json(), {
    ready: false,
    parts: [{ name: 'actuate', ready: false, detail: 'Vault is sealed' }],
  });
  assert.equal((await ask('/health/live')).status, 200);
  assert.match(await (await ask('/metrics')).text(), /ebbtide_build_info\{version="0\.0\.0",process="test",node="v\d+/);
});

test('startHealthServer says that its port is taken, and what to do', async (t) => {
  const metrics = createMetrics('test', '0.0.0');
  const first = await startHealthServer({ host: '127.0.0.1', port: 0 }, () => [well], metrics);
  t.after(() => first.close());
  const port = Number(new URL(first.address!).port);
  await assert.rejects(
    startHealthServer({ host: '127.0.0.1', port }, () => [well], metrics),
    { code: 'CONFIG_INVALID', message: /is taken; set http\.port/ },
  );
});

test('startHealthServer says by 503 that nothing but a new start helps', async (t) => {
  let why: string | undefined;
  const metrics = createMetrics('test', '0.0.0');
  const server = await startHealthServer(
    { host: '127.0.0.1', port: 0 },
    () => [well],
    metrics,
    () => why,
  );
  t.after(() => server.close());
  const ask = () => fetch(`${server.address}/health/live`);
  assert.deepEqual(await (await ask()).json(), { live: true });
  why = 'The Kafka client has lost its cluster';
  const answer = await ask();
  assert.deepEqual([answer.status, await answer.json()], [503, { live: false, detail: why }]);
});
