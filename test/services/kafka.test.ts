import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { loadSetup } from '../../infra/setup/load.ts';
import { privateKafka, realKafka } from './kafka.ts';
import { requireOrSkip } from './require.ts';

const { kafkaAnswers } = await loadSetup<{ kafkaAnswers(address: string): Promise<boolean> }>('kafka-probe.mjs');

test('realKafka gives every caller the address of one broker that answers', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const [one, other] = await Promise.all([realKafka(), realKafka()]);
  assert.equal(one, other);
  assert.equal(await kafkaAnswers(one), true);
});

test('a server of another kind is no Kafka that answers', async (t) => {
  const server = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  assert.equal(await kafkaAnswers(`127.0.0.1:${(server.address() as AddressInfo).port}`), false);
});

test('privateKafka stops, is killed and starts again, and sends clients back to its proxy', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const { default: kafkaClient } = await import('@confluentinc/kafka-javascript');
  const kafka = await privateKafka(t);
  const producer = new kafkaClient.Producer({ 'metadata.broker.list': kafka.proxiedBrokers });
  await new Promise((resolve, reject) => producer.connect({}, (error) => (error ? reject(error) : resolve(undefined))));
  const metadata = await new Promise<{ brokers: { port: number }[] }>((resolve, reject) =>
    producer.getMetadata({ timeout: 5_000 }, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
  await new Promise((resolve) => producer.disconnect(resolve));
  assert.deepEqual(
    metadata.brokers.map(({ port }) => port),
    [kafka.proxy.port],
  );

  kafka.proxy.cut();
  assert.equal(await kafkaAnswers(kafka.proxiedBrokers), false);
  assert.equal(await kafkaAnswers(kafka.brokers), true);
  kafka.proxy.restore();
  assert.equal(await kafkaAnswers(kafka.proxiedBrokers), true);

  await kafka.kill();
  assert.equal(await kafkaAnswers(kafka.brokers), false);
  await kafka.start();
  assert.equal(await kafkaAnswers(kafka.proxiedBrokers), true);
  await kafka.stop();
  assert.equal(await kafkaAnswers(kafka.brokers), false);
});
