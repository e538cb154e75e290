import ckjs from '@confluentinc/kafka-javascript';
import { type ClusterOptions, call } from './client.ts';

const alreadyExists = 36;

/**
 * Create a topic that is none of Ebbtide's own, where it is missing. Brokers that create topics on first use only
 * (the mock ones) are left to do so.
 *
 * @param retentionMs - how long records are kept, milliseconds; -1 for ever
 */
export const createTopic = async (
  cluster: ClusterOptions,
  topic: string,
  partitions: number,
  retentionMs: number,
): Promise<void> => {
  const admin = ckjs.AdminClient.create({ 'bootstrap.servers': cluster.brokers, ...cluster.settings } as never);
  try {
    await call(`Cannot create topic ${topic}`, (done) =>
      admin.createTopic(
        {
          topic,
          num_partitions: partitions,
          replication_factor: -1,
          config: { 'retention.ms': String(retentionMs), 'message.timestamp.type': 'LogAppendTime' },
        } as never,
        10_000,
        ((error: { code?: number } | null) => done(error?.code === alreadyExists ? null : error)) as never,
      ),
    );
  } finally {
    admin.disconnect();
  }
};
