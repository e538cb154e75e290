import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kafka } from '../../../infra/kafka/types.ts';
import { requireOrSkip } from '../../services/require.ts';
import { numbered, openTopic, textOf } from './broker.ts';

const everything = async (kafka: Kafka, topic: string): Promise<string[]> => {
  const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
  const found: string[] = [];
  for await (const messages of tail.batches()) {
    if (messages.length === 0) break;
    found.push(...messages.map(textOf));
  }
  await tail.close();
  return found;
};

test('Producer.send acknowledges only what the broker has, many calls at a time', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await Promise.all(Array.from({ length: 50 }, (_, i) => producer.send(numbered(topic, 4, i * 10, i * 10 + 10))));
  const found = await everything(kafka, topic);
  assert.equal(found.length, 2000);
  for (let partition = 0; partition < 4; partition++)
    assert.deepEqual(
      found.filter((text) => text.startsWith(`${partition}/`)),
      Array.from({ length: 500 }, (_, i) => `${partition}/${i}`),
    );
});

test('Producer.send puts a key where Java clients put it, and a tombstone as one', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  const keys = ['21', 'foobar', 'a-little-bit-long-string'];
  await producer.send(keys.map((key) => ({ topic, key, value: null })));
  const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
  t.after(() => tail.close());
  const found = new Map<string, number>();
  for await (const messages of tail.batches()) {
    if (messages.length === 0) break;
    for (const { key, value, partition } of messages) {
      assert.equal(value, null);
      found.set(key!.toString(), partition);
    }
  }
  // murmur2 of each, from the tests of Apache Kafka's Utils, without the sign, modulo 4
  const murmur2 = [-973_932_308, -790_332_482, -985_981_536];
  assert.deepEqual(
    keys.map((key) => found.get(key)),
    murmur2.map((hash) => (hash & 0x7fffffff) % 4),
  );
});

test('Producer.send rejects a group with an oversized message alone, and still waits for those after it', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t, { partitions: 1 });
  const producer = await kafka.producer({ lingerMs: 200 });
  t.after(() => producer.close());
  const oversized = { topic, key: null, value: Buffer.alloc(3_000_000) };
  const outcomes = await Promise.allSettled([
    producer.send(numbered(topic, 1, 0, 5)),
    producer.send([...numbered(topic, 1, 5, 10), oversized]),
    producer.send(numbered(topic, 1, 10, 15)),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal((outcomes[1] as PromiseRejectedResult).reason.code, 'KAFKA_REJECTED');
  await producer.send(numbered(topic, 1, 15, 20));
  const found = await everything(kafka, topic);
  for (const number of [0, 4, 10, 14, 15, 19]) assert.ok(found.includes(`0/${number}`), `0/${number} is not there`);
});

test('Producer.send after close says that the producer is closed', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  await producer.close();
  await assert.rejects(producer.send(numbered(topic, 1, 0, 1)), { code: 'KAFKA_UNAVAILABLE' });
});
