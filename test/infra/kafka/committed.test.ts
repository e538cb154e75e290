import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCommitted } from '../../../infra/kafka/committed.ts';
import { topics } from '../../../schemas/topics.ts';
import { labels } from '../../pipelines/archiveRig.ts';
import { testContext, until } from '../../services/context.ts';

test('committed must tell the first offset that a group has not dealt with, and nothing of a group that nobody knows', async (t) => {
  const context = await testContext(t);
  const { kafka, closing } = context;
  assert.deepEqual(await kafka.committed('nobody', [topics.labels.name]), new Map());
  const consumer = await kafka.consumer({ groupId: 'keeper', topics: [topics.labels.name] });
  closing(() => consumer.close());
  const producer = await kafka.producer();
  closing(() => producer.close());
  await producer.send((await labels(context, 0, 3)).map((one) => ({ ...one, partition: 1 })));
  const batches = consumer.batches();
  let taken = 0;
  const read = (async () => {
    for await (const batch of batches) {
      taken += batch.messages.length;
      if (taken < 3) await batch.ack();
      else return batch;
    }
    return undefined;
  })();
  const last = await read;
  const place = `${topics.labels.name}/1`;
  const before = (await kafka.committed('keeper', [topics.labels.name])).get(place) ?? 0;
  assert.ok(before < 3, 'the last of them was not acknowledged');
  await last!.ack();
  await until(
    'the group to have dealt with all',
    async () => (await kafka.committed('keeper', [topics.labels.name])).get(place) === 3,
  );
});

test('committed must ask for partitions anew after a minute, and after a failure not at once', async (t) => {
  const { kafka, closing } = await testContext(t);
  let clock = 0;
  let asked = 0;
  let failure: Error | undefined;
  const partitionsOf = async (topic: string) => {
    asked++;
    if (failure) throw failure;
    return kafka.partitionsOf(topic);
  };
  const committed = openCommitted({ brokers: kafka.brokers }, partitionsOf, () => clock);
  closing(() => committed.close());
  const ask = () => committed.of('nobody', [topics.labels.name]);
  await ask();
  await ask();
  assert.equal(asked, 1);
  clock += 60_000;
  await ask();
  assert.equal(asked, 2);
  clock += 60_000;
  failure = new Error('refused');
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    const before: number = asked;
    await assert.rejects(ask(), failure);
    clock += pauseMs - 1;
    await assert.rejects(ask(), failure);
    assert.equal(asked, before + 1);
    clock += 1;
  }
  failure = undefined;
  assert.deepEqual(await ask(), new Map());
});
