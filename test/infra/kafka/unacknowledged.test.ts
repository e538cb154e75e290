import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import { until } from '../vault/rig.ts';

test('An unacknowledged producer writes all that it was given, however small its queue, and waits for none of it but at its end', async () => {
  const cluster = await startMockCluster();
  const kafka = await connectKafka({ brokers: cluster.brokers });
  let lost = 0;
  const onLost = (messages: number) => {
    lost += messages;
  };
  const producer = await kafka.producer({
    lingerMs: 50,
    unacknowledged: { onLost, queueMessages: 40 },
  });
  const topic = 'unacknowledged';
  await kafka.partitionsOf(topic);
  const send = (from: number, count: number) =>
    producer.send(Array.from({ length: count }, (_, i) => ({ topic, key: `${from + i}`, value: Buffer.from('x') })));
  await Promise.all([send(0, 100), send(100, 200)]);
  await producer.close();
  assert.equal(lost, 0);
  const seen = new Set<string>();
  const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
  void (async () => {
    for await (const messages of tail.batches()) for (const { key } of messages) seen.add(String(key));
  })();
  await until('all of them', () => seen.size === 300);
  await tail.close();
  await kafka.close();
  await cluster.close();
});
