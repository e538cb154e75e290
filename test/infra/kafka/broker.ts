import type { TestContext } from 'node:test';
import ckjs from '@confluentinc/kafka-javascript';
import { call } from '../../../infra/kafka/client.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import type { Kafka, OutgoingMessage } from '../../../infra/kafka/types.ts';
import { realKafka } from '../../services/kafka.ts';
import { uniqueName } from '../../services/ports.ts';

/** A connection to the shared broker, and a topic of the test's own. */
export const openTopic = async (
  t: TestContext,
  { partitions = 4, config = {} }: { partitions?: number; config?: Record<string, string> } = {},
): Promise<{ kafka: Kafka; brokers: string; topic: string }> => {
  const brokers = await realKafka();
  const topic = uniqueName('kafka-layer');
  const admin = ckjs.AdminClient.create({ 'bootstrap.servers': brokers } as never);
  t.after(async () => {
    await call('Cannot delete the topic', (done) => admin.deleteTopic(topic, 10_000, done as never));
    admin.disconnect();
  });
  await call('Cannot create the topic', (done) =>
    admin.createTopic(
      { topic, num_partitions: partitions, replication_factor: 1, config } as never,
      10_000,
      done as never,
    ),
  );
  const kafka = await connectKafka({ brokers });
  t.after(() => kafka.close());
  return { kafka, brokers, topic };
};

/** Messages that carry their place: `partition/number`. */
export const numbered = (topic: string, partitions: number, from: number, to: number): OutgoingMessage[] =>
  Array.from({ length: (to - from) * partitions }, (_, i) => {
    const partition = i % partitions;
    const number = from + Math.floor(i / partitions);
    return { topic, partition, key: `key-${partition}`, value: Buffer.from(`${partition}/${number}`) };
  });

/** What {@link numbered} wrote, as text. */
export const textOf = ({ value }: { readonly value: Buffer | null }): string => value?.toString('utf8') ?? '';
