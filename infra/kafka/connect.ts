import { EbbtideError } from '../../schemas/errors.ts';
import { topics } from '../../schemas/topics.ts';
import { type ClusterOptions, connectProducer, disconnect, metadataOf, type NativeProducer } from './client.ts';
import { openCommitted } from './committed.ts';
import { openConsumer } from './consumer.ts';
import { openProducer } from './producer.ts';
import { openTail } from './tail.ts';
import { createTopics } from './topics.ts';
import type { Kafka } from './types.ts';
import { openUnacknowledged } from './unacknowledged.ts';

/**
 * Connect to a Kafka cluster.
 *
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` when no broker answers within 15 s
 * @example
 * const kafka = await connectKafka({ brokers: '127.0.0.1:9092' });
 * await kafka.ensureTopics(4);
 */
export const connectKafka = async (cluster: ClusterOptions): Promise<Kafka & { readonly cluster: ClusterOptions }> => {
  const metadata: NativeProducer = await connectProducer(cluster, {});
  const partitionsOf = async (topic: string): Promise<number> => {
    for (let attempt = 0; attempt < 50; attempt++) {
      const answer = await metadataOf(`Cannot read the metadata of ${topic}`, metadata, topic, 10_000);
      const count = answer.topics.find((one) => one.name === topic)?.partitions.length ?? 0;
      if (count > 0) return count;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new EbbtideError(
      'KAFKA_REJECTED',
      `Topic ${topic} does not exist, or this principal may not see it; whoever may create topics makes them by "ebbtide kafka topics"`,
      { topic },
    );
  };
  const committed = openCommitted(cluster, partitionsOf);
  return {
    cluster,
    brokers: cluster.brokers,
    partitionsOf,
    committed: (groupId, topics) => committed.of(groupId, topics),
    producer: (options) => openProducer(cluster, options),
    unacknowledged: (options) => openUnacknowledged(cluster, options),
    consumer: (options) => openConsumer(cluster, options),
    tail: (options) => openTail(cluster, options, partitionsOf),
    ensureTopics: (partitions, { specs = Object.values(topics), retentionMs = {} } = {}) =>
      createTopics(
        cluster,
        specs.map((topic) => ({
          ...topic,
          partitions: topic.partitioning === 'single' ? 1 : partitions,
          retentionMs: retentionMs[topic.name] ?? topic.retentionMs,
        })),
      ),
    close: async () => {
      await committed.close();
      await disconnect(metadata);
    },
  };
};
