import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openArchive } from '../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../infra/clickhouse/config.ts';
import { startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { packageRoot } from '../../infra/paths.ts';
import { temporaryFolder } from '../services/folder.ts';
import { requireOrSkip } from '../services/require.ts';
import { runProgram } from './tools.ts';

test("the users of compose.yaml's ClickHouse may do what the archive and Grafana need, and no more", async (t) => {
  if (!(await requireOrSkip(t, 'clickhouse'))) return;
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  await runProgram(process.execPath, [
    join(packageRoot(), 'deploy/compose/secrets.mjs'),
    ...['unseal', 'users', 'token', 'password', 'grafana', 'owned'].map(at),
  ]);
  mkdirSync(at('engine/users.d'), { recursive: true });
  // The engine in a child process works as the user "default" itself
  const users = readFileSync(at('users/ebbtide.xml'), 'utf8');
  assert.match(users, /<default remove="remove"\/>/);
  writeFileSync(at('engine/users.d/ebbtide.xml'), users.replace('<default remove="remove"/>', ''));
  const server = await startClickHouse({ folder: at('engine') });
  t.after(() => server.stop());
  const ask = async (user: string, password: string, query: string) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password },
      body: query,
    });
    return { status: response.status, text: await response.text() };
  };

  const config = { url: server.url, username: 'ebbtide', passwordFile: at('password/clickhouse.password') };
  const archive = openArchive(clickhouseConfig.parse(config));
  t.after(() => archive.close());
  await archive.prepare();
  await archive.prepare();

  const reader = readFileSync(at('grafana/clickhouse.password'), 'utf8');
  const writer = readFileSync(at('password/clickhouse.password'), 'utf8');
  assert.deepEqual(await ask('grafana', reader, 'SELECT count() FROM ebbtide.decisions'), { status: 200, text: '0\n' });
  // Grafana's plugin sets limits of its own with each query
  assert.equal((await ask('grafana', reader, 'SELECT 1 SETTINGS max_execution_time = 30')).status, 200);
  for (const [user, password, query] of [
    ['grafana', reader, 'CREATE TABLE ebbtide.mine (a Int32) ENGINE = MergeTree ORDER BY a'],
    ['grafana', reader, 'DROP TABLE ebbtide.migrations'],
    ['ebbtide', writer, 'CREATE DATABASE other'],
    ['ebbtide', writer, 'CREATE USER another'],
    ['ebbtide', 'wrong', 'SELECT 1'],
    ['ebbtide', '', 'SELECT 1'],
  ] as const)
    assert.notEqual((await ask(user, password, query)).status, 200, query);
});
