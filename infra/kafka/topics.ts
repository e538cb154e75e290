import ckjs from '@confluentinc/kafka-javascript';
import type { TopicSpec } from '../../schemas/topics.ts';
import type { KafkaConfig } from '../config/connections.ts';
import { type ClusterOptions, call, isForbidden } from './client.ts';
import type { Kafka } from './types.ts';

const alreadyExists = 36;

/** A topic that is to be there. */
export interface WantedTopic extends Pick<TopicSpec, 'name' | 'cleanup' | 'retentionMs'> {
  readonly partitions: number;
}

/**
 * Create topics where they are missing. Brokers that create topics on first use only (the mock ones) are left to do so.
 *
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` or `KAFKA_REJECTED`; the latter also for topics that are there, where this
 *   principal may not create them: `isForbidden` tells. All others have been created then
 */
export const createTopics = async (cluster: ClusterOptions, wanted: Iterable<WantedTopic>): Promise<void> => {
  const admin = ckjs.AdminClient.create({ 'bootstrap.servers': cluster.brokers, ...cluster.settings } as never);
  let refused: unknown;
  try {
    for (const { name, partitions, cleanup, retentionMs } of wanted) {
      const created = call(`Cannot create topic ${name}`, (done) =>
        admin.createTopic(
          {
            topic: name,
            num_partitions: partitions,
            replication_factor: -1,
            config: {
              'cleanup.policy': cleanup,
              'retention.ms': String(retentionMs),
              'message.timestamp.type': 'LogAppendTime',
              // A reader that joins a compacted topic as of an offset must still find what was in force there
              ...(cleanup === 'compact' ? { 'min.compaction.lag.ms': '3600000' } : {}),
            },
          } as never,
          10_000,
          ((error: { code?: number } | null) => done(error?.code === alreadyExists ? null : error)) as never,
        ),
      );
      await created.catch((error: unknown) => {
        if (!isForbidden(error)) throw error;
        refused ??= error;
      });
    }
  } finally {
    admin.disconnect();
  }
  if (refused !== undefined) throw refused;
};

/**
 * Create Ebbtide's topics at the start of a process. One that may not leaves it to whoever may ("ebbtide kafka topics"):
 * whatever uses a topic says when it is missing.
 *
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` or `KAFKA_REJECTED`
 */
export const topicsAtStart = (kafka: Pick<Kafka, 'ensureTopics'>, config: KafkaConfig): Promise<void> =>
  kafka.ensureTopics(config.partitions, config).catch((error: unknown) => {
    if (!isForbidden(error)) throw error;
  });
