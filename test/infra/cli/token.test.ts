import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { ApiTokens } from '../../../infra/console/people/tokens.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ApiToken, AuditEvent } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

/** Brokers and a registry for commands, and what they wrote. */
const prepared = async (t: TestContext) => {
  const cluster = await startMockCluster();
  t.after(() => cluster.close());
  const registry = new MemoryRegistry();
  const server = await startRegistryServer(registry, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const config = join(folder, 'ebbtide.yaml');
  writeFileSync(config, `kafka: { brokers: "${cluster.brokers}" }\nschemaRegistry: { url: "${server.address}" }\n`);
  const written = async <T>(topic: TopicSpec): Promise<T[]> => {
    const kafka = await connectKafka({ brokers: cluster.brokers });
    try {
      const codec = await TopicCodec.open<T>(topic, registry);
      const tail = await kafka.tail({ topics: [topic.name], from: 'beginning' });
      const found: T[] = [];
      const reading = (async () => {
        for await (const messages of tail.batches())
          for (const { value } of messages) found.push(await codec.read(value!));
      })();
      await tail.caughtUp;
      await tail.close();
      await reading;
      return found;
    } finally {
      await kafka.close();
    }
  };
  const run = (...args: string[]) => ebbtide([...args, '-c', config], { EBBTIDE_DATA: join(folder, 'data') });
  return { run, written };
};

test('ebbtide token makes, lists and revokes tokens, on record', async (t) => {
  const { run, written } = await prepared(t);
  const made = await run('token', 'create', 'dashboard', '--role', 'analyst', '--for', '2d');
  assert.equal(made.status, exitCodes.ok, made.stderr);
  const token = made.stdout.trim();
  assert.match(token, /^ebbtide_[\w-]{56}$/);
  assert.match(made.stderr, /works as analyst until .*; it is not shown again/);

  const tokens = new ApiTokens(Date.now);
  for (const record of await written<ApiToken>(topics.tokens)) tokens.apply(record.tokenId, record);
  assert.equal(tokens.recognise(`Bearer ${token}`)?.role, 'analyst');

  const listed = await run('token', 'list', '--json');
  const { tokenId, ...shown } = JSON.parse(listed.stdout) as ApiToken;
  assert.deepEqual([shown.name, shown.role, shown.revokedAt, 'hash' in shown], ['dashboard', 'analyst', null, false]);
  assert.equal((await run('token', 'revoke', tokenId)).status, exitCodes.ok);
  assert.match((await run('token', 'list')).stdout, /dashboard +analyst .* revoked /);
  for (const record of await written<ApiToken>(topics.tokens)) tokens.apply(record.tokenId, record);
  assert.equal(tokens.recognise(`Bearer ${token}`), undefined);

  const unknown = await run('token', 'revoke', 'none');
  assert.match(unknown.stderr, /There is no API token none/);
  assert.equal((await run('token', 'create', 'x', '--for', '400d')).status, exitCodes.usage);
  const events = await written<AuditEvent>(topics.actions);
  assert.deepEqual(
    events.map(({ action, entrance, outcome, subject }) => [action, entrance, outcome, subject]),
    [
      ['token', 'cli', 'asked', tokenId],
      ['token', 'cli', 'done', tokenId],
      ['token', 'cli', 'asked', tokenId],
      ['token', 'cli', 'done', tokenId],
    ],
  );
});

test('ebbtide control and label put what they do on record', async (t) => {
  const { run, written } = await prepared(t);
  assert.equal((await run('control', 'kill-switch', 'on', '--reason', 'drill')).status, exitCodes.ok);
  assert.equal((await run('control', 'exempt', 'cred-1', '--for', '1h', '--reason', 'month end')).status, exitCodes.ok);
  assert.equal((await run('label', 'cred-1', 'false-positive', '--note', 'backup')).status, exitCodes.ok);
  const events = await written<AuditEvent>(topics.actions);
  assert.deepEqual(
    events
      .map(({ action, outcome, subject, reason, role }) => [action, outcome, subject, reason, role].join(' '))
      .sort(),
    [
      'exempt asked cred-1 month end administrator',
      'exempt done cred-1 month end administrator',
      'killSwitch asked ebbtide drill administrator',
      'killSwitch done ebbtide drill administrator',
      'label asked cred-1 backup administrator',
      'label done cred-1 backup administrator',
    ],
  );
});
