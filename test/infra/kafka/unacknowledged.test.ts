import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import { until } from '../vault/rig.ts';

test('An unacknowledged producer writes what it has taken, takes no more than its queue holds, and tells how much waits', async () => {
  const cluster = await startMockCluster();
  const kafka = await connectKafka({ brokers: cluster.brokers });
  let lost = 0;
  const onLost = (messages: number) => {
    lost += messages;
  };
  const producer = await kafka.unacknowledged({ lingerMs: 5_000, queueMessages: 40, onLost });
  const topic = 'unacknowledged';
  await kafka.partitionsOf(topic);
  const offered = Array.from({ length: 60 }, (_, i) =>
    producer.offer({ topic, key: `${i}`, value: Buffer.from('x') }) ? `${i}` : undefined,
  );
  const taken = offered.filter((key) => key !== undefined);
  assert.equal(taken.length, 40);
  await until('the number that waits is told', () => producer.waiting() === 40);
  await producer.close();
  assert.equal(lost, 0);
  const seen: string[] = [];
  const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
  void (async () => {
    for await (const messages of tail.batches()) for (const { key } of messages) seen.push(String(key));
  })();
  await until('all of them', () => seen.length >= 40);
  assert.deepEqual(
    seen.toSorted((a, b) => Number(a) - Number(b)),
    taken,
  );
  await tail.close();
  await kafka.close();
  await cluster.close();
});
