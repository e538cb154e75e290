import assert from 'node:assert/strict';
import { test } from 'node:test';
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
