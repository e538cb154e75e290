import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import { until } from '../vault/rig.ts';

test('An unacknowledged producer writes all that it was given, in slices, and waits for none of it but at its end', async (t) => {
  const cluster = await startMockCluster();
  const kafka = await connectKafka({ brokers: cluster.brokers });
  let lost = 0;
  const onLost = (messages: number) => {
    lost += messages;
  };
  const producer = await kafka.producer({
    sliceMessages: 10,
    lingerMs: 50,
    unacknowledged: { onLost, queueMessages: 40 },
  });
  const topic = 'unacknowledged';
  await kafka.partitionsOf(topic);
  let turns = 0;
  const turning = setInterval(() => turns++, 0);
  const send = (from: number, count: number) =>
    producer.send(Array.from({ length: count }, (_, i) => ({ topic, key: `${from + i}`, value: Buffer.from('x') })));
  await Promise.all([send(0, 100), send(100, 200)]);
  clearInterval(turning);
  await producer.close();
  assert.equal(lost, 0);
  const seen = new Set<string>();
  const tail = await kafka.tail({ topics: [topic], from: 'beginning' });
  void (async () => {
    for await (const messages of tail.batches()) for (const { key } of messages) seen.add(String(key));
  })();
  await until('all of them', () => seen.size === 300);
  assert.ok(turns > 0, 'the event loop turned meanwhile');
  t.diagnostic(`${turns} turns`);
  await tail.close();
  await kafka.close();
  await cluster.close();
});
