import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupConsumer, MessageBatch } from '../../../infra/kafka/types.ts';
import { uniqueName } from '../../services/ports.ts';
import { requireOrSkip } from '../../services/require.ts';
import { numbered, openTopic, textOf } from './broker.ts';

const partitions = 4;
const each = 250;

/** Read and acknowledge until nothing is left for the group. */
const drain = async (consumer: GroupConsumer, each: (batch: MessageBatch) => void, done: () => boolean) => {
  for await (const batch of consumer.batches()) {
    each(batch);
    await batch.ack();
    if (done()) return;
  }
};

test('GroupConsumer gives the next batch only after ack, and gives again what was not acknowledged', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await producer.send(numbered(topic, partitions, 0, each));
  const options = { groupId: uniqueName('group'), topics: [topic], batchSize: 100 };

  const one = await kafka.consumer(options);
  const iterator = one.batches()[Symbol.asyncIterator]() as AsyncGenerator<MessageBatch>;
  const acknowledged: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { value: batch } = await iterator.next();
    assert.ok(batch!.messages.length <= 100);
    acknowledged.push(...batch!.messages.map(textOf));
    await batch!.ack();
    await batch!.ack();
  }
  const { value: unacknowledged } = await iterator.next();
  const waiting = iterator.next();
  assert.equal(await Promise.race([waiting.then(() => 'given'), sleep(500, 'held back')]), 'held back');
  assert.equal(one.healthy(), true);
  await one.close();
  assert.equal((await waiting).done, true);

  const other = await kafka.consumer(options);
  const seen: string[] = [];
  await drain(
    other,
    ({ messages }) => seen.push(...messages.map(textOf)),
    () => acknowledged.length + seen.length >= partitions * each,
  );
  assert.equal(await other.lag(), 0);
  await other.close();
  assert.deepEqual([...acknowledged, ...seen].sort(), numbered(topic, partitions, 0, each).map(textOf).sort());
  for (const text of unacknowledged!.messages.map(textOf)) assert.ok(seen.includes(text));
  for (let partition = 0; partition < partitions; partition++) {
    const order = [...acknowledged, ...seen].filter((text) => text.startsWith(`${partition}/`));
    assert.deepEqual(
      order,
      Array.from({ length: each }, (_, i) => `${partition}/${i}`),
    );
  }
});

test('GroupConsumer loses nothing while members come and go, and keeps the order of a partition', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  const groupId = uniqueName('group');
  const seen = new Set<string>();
  let disorder = 0;
  const members: { consumer: GroupConsumer; reading: Promise<void> }[] = [];
  const join = async () => {
    const consumer = await kafka.consumer({ groupId, topics: [topic], batchSize: 50 });
    const last = new Map<number, number>();
    const read = async () => {
      for await (const { messages, ack } of consumer.batches()) {
        for (const message of messages) {
          if (message.offset < (last.get(message.partition) ?? -1) && !seen.has(textOf(message))) disorder++;
          last.set(message.partition, message.offset);
          seen.add(textOf(message));
        }
        await ack();
      }
    };
    members.push({ consumer, reading: read() });
  };
  t.after(() => Promise.all(members.map(({ consumer }) => consumer.close())));
  await join();
  const rounds = 60;
  for (let i = 0; i < rounds; i++) {
    await producer.send(numbered(topic, partitions, i * 10, i * 10 + 10));
    if (i === 15) await join();
    if (i === 40) await members[0]!.consumer.close();
    await sleep(50);
  }
  const all = numbered(topic, partitions, 0, rounds * 10).map(textOf);
  const deadline = performance.now() + 60_000;
  while (seen.size < all.length && performance.now() < deadline) await sleep(50);
  assert.deepEqual(
    all.filter((text) => !seen.has(text)),
    [],
  );
  assert.equal(disorder, 0);
  await Promise.all(members.map(({ consumer }) => consumer.close()));
  await Promise.all(members.map(({ reading }) => reading));
});
