import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createClient } from '@clickhouse/client';
import { startClickHouse } from '../../../infra/clickhouse/embedded.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { serverOfOtherProcess, untilGone } from '../../services/other-process.ts';

const connect = (t: TestContext, url: string) => {
  const client = createClient({ url });
  t.after(() => client.close());
  return client;
};
const rows = async (client: ReturnType<typeof createClient>, query: string) =>
  (await client.query({ query, format: 'JSONEachRow' })).json();

test('startClickHouse serves the official client, compressed and typed', async (t) => {
  const { url } = await clickHouse(t);
  const client = createClient({ url, compression: { request: true, response: true } });
  t.after(() => client.close());
  await client.command({
    query: 'CREATE TABLE t (at DateTime64(3), tags Array(LowCardinality(String))) ENGINE = MergeTree ORDER BY at',
  });
  await client.insert({
    table: 't',
    values: [{ at: '2026-01-02 03:04:05.678', tags: ['a', 'b'] }],
    format: 'JSONEachRow',
  });
  assert.deepEqual(await rows(client, 'SELECT * FROM t'), [{ at: '2026-01-02 03:04:05.678', tags: ['a', 'b'] }]);
  await assert.rejects(client.command({ query: 'SELECT nothing' }), { type: 'UNKNOWN_IDENTIFIER' });
});

test('startClickHouse keeps what was inserted when the server is killed', async (t) => {
  const folder = temporaryFolder(t);
  const first = await startClickHouse({ folder });
  t.after(() => first.stop());
  const client = connect(t, first.url);
  await client.command({ query: 'CREATE DATABASE kept' });
  await client.command({ query: 'CREATE TABLE kept.t (n UInt32) ENGINE = MergeTree ORDER BY n' });
  await client.insert({ table: 'kept.t', values: [{ n: 1 }, { n: 2 }], format: 'JSONEachRow' });
  process.kill(first.pid, 'SIGKILL');
  await first.exited;

  const second = await startClickHouse({ folder });
  t.after(() => second.stop());
  assert.deepEqual(await rows(connect(t, second.url), 'SELECT sum(n) AS sum FROM kept.t'), [{ sum: 3 }]);
});

test('startClickHouse refuses a taken port and a held folder in clear words', async (t) => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  t.after(() => blocker.close());
  const { port } = blocker.address() as { port: number };
  await assert.rejects(startClickHouse({ folder: temporaryFolder(t), httpPort: port }), {
    code: 'CLICKHOUSE_UNAVAILABLE',
    message: new RegExp(`127\\.0\\.0\\.1:${port}, the port is taken`),
  });

  const folder = temporaryFolder(t);
  const server = await startClickHouse({ folder });
  t.after(() => server.stop());
  await assert.rejects(startClickHouse({ folder }), {
    code: 'CLICKHOUSE_UNAVAILABLE',
    message: new RegExp(`process ${server.pid} holds it`),
  });
});

test('an embedded ClickHouse ends, and can be started again, when its parent is killed', async (t) => {
  const folder = temporaryFolder(t);
  const { parent, pid, url } = await serverOfOtherProcess(t, 'clickhouse', folder);
  assert.equal((await fetch(`${url}/ping`)).status, 200);
  parent.kill('SIGKILL');
  await untilGone(pid);
  const again = await startClickHouse({ folder, httpPort: Number(new URL(url).port) });
  t.after(() => again.stop());
  assert.equal((await fetch(`${again.url}/ping`)).status, 200);
});
