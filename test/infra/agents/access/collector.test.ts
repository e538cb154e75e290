import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Collector } from '../../../../infra/agents/access/collector.ts';
import { accessCollectorConfig } from '../../../../infra/agents/access/config.ts';
import { startAccessCollector } from '../../../../infra/agents/access/start.ts';
import type { AppContext } from '../../../../infra/context.ts';
import { createMetrics } from '../../../../infra/metrics.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import type { AccessTelemetry, DeadLetter } from '../../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../../schemas/registry.ts';
import { topics } from '../../../../schemas/topics.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { FakeBroker, rememberingLog, until } from '../support.ts';

const now = Date.parse('2026-03-10T09:00:00Z');
const accepted = (user: string, second: string) =>
  `2026-03-10T08:30:${second}Z build-7 sshd[1]: Accepted password for ${user} from 10.0.0.7 port 1 ssh2\n`;

const usersOf = (collected: Awaited<ReturnType<Collector['collect']>>) =>
  collected.flatMap(({ records }) => records.map(({ user }) => user));

test('Collector reads on where delivery ended, across lines that are not whole, rotation, cuts and restarts', async (t) => {
  const folder = temporaryFolder(t);
  const [log, state] = [join(folder, 'auth.log'), join(folder, 'state.json')];
  const config = accessCollectorConfig.parse({ vm: 'build-7', authLog: log });
  writeFileSync(log, accepted('ada', '00') + accepted('bob', '01').slice(0, 30));
  const collector = await Collector.open(config, state);
  assert.deepEqual(usersOf(await collector.collect(now)), ['ada']);
  // Not delivered: it comes again
  assert.deepEqual(usersOf(await collector.collect(now)), ['ada']);
  await collector.keep();
  appendFileSync(log, accepted('bob', '01').slice(30));
  assert.deepEqual(usersOf(await collector.collect(now)), ['bob']);
  await collector.keep();
  const again = await Collector.open(config, state);
  assert.deepEqual(await again.collect(now), []);
  renameSync(log, `${log}.1`);
  writeFileSync(log, accepted('eve', '02'));
  assert.deepEqual(usersOf(await again.collect(now)), ['eve']);
  await again.keep();
  writeFileSync(log, '');
  assert.deepEqual(usersOf(await again.collect(now)), []);
  await again.keep();
  appendFileSync(log, accepted('fay', '04'));
  assert.deepEqual(usersOf(await again.collect(now)), ['fay']);
});

test('a schedule is told when it changes, and what is wrong with it once', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'crontab');
  writeFileSync(path, '0 4 * * * root backup\nnonsense\n');
  const config = accessCollectorConfig.parse({ vm: 'build-7', crontabs: [{ path }] });
  const collector = await Collector.open(config, join(folder, 'state.json'));
  const pass = async (atMs: number) => {
    const [found] = await collector.collect(atMs);
    await collector.keep();
    return [found?.records.length ?? 0, found?.refused.length ?? 0];
  };
  assert.deepEqual(await pass(now), [1, 1]);
  assert.deepEqual(await pass(now + 60_000), [0, 0]);
  assert.deepEqual(await pass(now + 86_400_000), [1, 0]);
});

test('a file of positions that is damaged is refused', async (t) => {
  const state = join(temporaryFolder(t), 'state.json');
  writeFileSync(state, '{"a":');
  await assert.rejects(Collector.open(accessCollectorConfig.parse({}), state), (error) =>
    isEbbtideError(error, 'STATE_CORRUPT'),
  );
});

test('the collector writes records and dead letters, keeps what a broker that is away did not take, and counts', async (t) => {
  const folder = temporaryFolder(t);
  const machines = join(folder, 'machines.jsonl');
  writeFileSync(machines, '{"time":"2026-03-10T08:30:00Z","vm":"build-7","state":"running"}\nnonsense\n');
  const broker = new FakeBroker();
  broker.mode = 'away';
  const registry = new MemoryRegistry();
  const metrics = createMetrics('serve collector', 'test');
  const log = rememberingLog();
  const context = {
    kafka: { producer: async () => broker.producer(), partitionsOf: async () => 2 },
    registry,
    metrics,
    log,
  } as unknown as AppContext;
  const config = accessCollectorConfig.parse({
    vm: 'build-7',
    machines,
    everyMs: 100,
    stateFile: join(folder, 's', 'state.json'),
  });
  const collector = await startAccessCollector(context, config);
  t.after(() => collector.close());
  await until('a try', () => broker.attempts > 1);
  assert.deepEqual(await collector.health(), { ready: false, detail: 'Broker is away' });
  broker.mode = 'up';
  await until('all messages', () => broker.messages.length >= 3);
  await until('ready', async () => (await collector.health()).ready);
  // A machine’s state concerns users in every partition
  assert.deepEqual(
    broker.messages.map(({ partition }) => partition),
    [0, 1, undefined],
  );
  const accesses = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry);
  const letters = await TopicCodec.open<DeadLetter>(topics.deadLetters, registry);
  const [record, , letter] = broker.messages;
  assert.deepEqual([record!.topic, record!.key], ['telemetry.access', '']);
  assert.equal(accesses.decode(record!.value!).vmState, 'running');
  const { value, message, errorCode, pipeline } = letters.decode(letter!.value!);
  assert.deepEqual(
    [Buffer.from(value!).toString(), errorCode, pipeline],
    ['nonsense', 'RECORD_MALFORMED', 'collector'],
  );
  assert.match(message, /neither JSON nor a line of virsh event/);
  assert.match(await metrics.metrics(), /ebbtide_access_collector_refused_total\{source="machines"\} 1/);
});
