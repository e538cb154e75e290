import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, connectProducer, disconnect, openClients } from '../../../infra/kafka/client.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import { enqueue } from '../../../infra/kafka/producer.ts';
import { openTail } from '../../../infra/kafka/tail.ts';
import type { Tail } from '../../../infra/kafka/types.ts';
import { uniqueName } from '../../services/ports.ts';
import { requireOrSkip } from '../../services/require.ts';
import { numbered, openTopic, textOf } from './broker.ts';

/** Collect what a tail gives, as it comes; an empty batch is noted as `end`. */
const collect = (tail: Tail) => {
  const found: string[] = [];
  const reading = (async () => {
    for await (const messages of tail.batches()) found.push(...(messages.length > 0 ? messages.map(textOf) : ['end']));
  })();
  return { found, reading };
};

const until = async (condition: () => boolean) => {
  const deadline = performance.now() + 30_000;
  while (!condition() && performance.now() < deadline) await sleep(20);
  assert.ok(condition());
};

test('Tail from the beginning says once when what was there has been given, and goes on', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t, { config: { 'cleanup.policy': 'compact' } });
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await producer.send(numbered(topic, 2, 0, 100));
  const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
  const { found, reading } = collect(tail);
  await tail.caughtUp;
  await until(() => found.at(-1) === 'end');
  assert.equal(found.length, 201);
  await producer.send(numbered(topic, 1, 100, 101));
  await until(() => found.length === 202);
  assert.deepEqual(found.slice(-2), ['end', '0/100']);
  await tail.close();
  await reading;
});

test('Tail tells whether an end that was noted has been passed, though more has come since', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await producer.send(numbered(topic, 2, 0, 5));
  const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
  const passed = await tail.mark();
  assert.equal(passed(), false);
  const { reading } = collect(tail);
  await until(passed);
  await producer.send(numbered(topic, 1, 5, 6));
  assert.equal(passed(), true);
  await until(await tail.mark());
  await tail.close();
  await reading;
});

test('Tail of what was written since some time leaves out what was before, in each partition', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await producer.send(numbered(topic, 2, 0, 3));
  const whole = await kafka.tail({ topics: [topic], from: 'beginning' });
  let sinceMs = 0;
  for await (const messages of whole.batches()) {
    for (const { timestamp } of messages) sinceMs = Math.max(sinceMs, timestamp + 1);
    if (messages.length === 0) break;
  }
  await whole.close();
  await until(() => Date.now() > sinceMs);
  await producer.send(numbered(topic, 1, 3, 5));
  for (const [since, expected] of [
    [sinceMs, ['0/3', '0/4', 'end']],
    [Date.now() + 3_600_000, ['end']],
    [1, 9],
  ] as const) {
    const tail = await kafka.tail({ topics: [topic], from: { sinceMs: since } });
    const { found, reading } = collect(tail);
    await tail.caughtUp;
    await until(() => found.at(-1) === 'end');
    if (typeof expected === 'number') assert.equal(found.length, expected);
    else assert.deepEqual(found, expected);
    await tail.close();
    await reading;
  }
});

test('Tail at a broker that does not know what was written when begins at the beginning', async (t) => {
  const cluster = await startMockCluster();
  t.after(() => cluster.close());
  const kafka = await connectKafka({ brokers: cluster.brokers });
  t.after(() => kafka.close());
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await kafka.partitionsOf('scores');
  await producer.send(numbered('scores', 2, 0, 2));
  const tail = await kafka.tail({ topics: ['scores'], from: { sinceMs: Date.now() } });
  const { found, reading } = collect(tail);
  await tail.caughtUp;
  await until(() => found.length === 5);
  await tail.close();
  await reading;
});

test('Tail of an empty topic, and one from the end, have caught up at once', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  const empty = await kafka.tail({ topics: [topic], from: 'beginning' });
  t.after(() => empty.close());
  const fromEmpty = collect(empty);
  await empty.caughtUp;
  await producer.send(numbered(topic, 1, 0, 5));
  const late = await kafka.tail({ topics: [topic], from: 'end' });
  t.after(() => late.close());
  const fromEnd = collect(late);
  await late.caughtUp;
  await producer.send(numbered(topic, 1, 5, 6));
  await until(() => fromEnd.found.length === 2 && fromEmpty.found.length === 7);
  assert.deepEqual(fromEnd.found, ['end', '0/5']);
});

test('Tail waits for a transaction that hangs, and shows of it what was committed and nothing else', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, brokers, topic } = await openTopic(t, { partitions: 1 });
  const writer = await connectProducer({ brokers }, { 'transactional.id': uniqueName('tail') });
  t.after(() => disconnect(writer));
  await call('init', (done) => writer.initTransactions(10_000, done as never));
  const transaction = async (from: number, to: number) => {
    await call('begin', (done) => writer.beginTransaction(done as never));
    await enqueue(writer, numbered(topic, 1, from, to));
    await call('flush', (done) => writer.flush(10_000, done as never));
  };
  await transaction(0, 10);
  await call('commit', (done) => writer.commitTransaction(10_000, done as never));
  await transaction(10, 20);

  for (const end of ['abort', 'commit'] as const) {
    const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
    const { found, reading } = collect(tail);
    await until(() => found.length >= 10);
    await sleep(700);
    assert.deepEqual(
      found,
      Array.from({ length: 10 }, (_, i) => `0/${i}`),
    );
    if (end === 'abort') await call('abort', (done) => writer.abortTransaction(10_000, done as never));
    else await call('commit', (done) => writer.commitTransaction(10_000, done as never));
    await tail.caughtUp;
    await until(() => found.includes('end'));
    const committed = end === 'commit' ? Array.from({ length: 10 }, (_, i) => `0/${i + 20}`) : [];
    assert.deepEqual(found, [...Array.from({ length: 10 }, (_, i) => `0/${i}`), ...committed, 'end']);
    await tail.close();
    await reading;
    if (end === 'abort') await transaction(20, 30);
  }
});

test('openTail leaves no client open where the partitions cannot be read', async (t) => {
  const cluster = await startMockCluster();
  t.after(() => cluster.close());
  const before = new Set(openClients);
  const refused = new Error('refused');
  const options = { topics: ['nothing'], from: 'beginning' } as const;
  await assert.rejects(
    openTail({ brokers: cluster.brokers }, options, () => Promise.reject(refused)),
    refused,
  );
  assert.deepEqual(new Set(openClients), before);
});
