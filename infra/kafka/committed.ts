import ckjs from '@confluentinc/kafka-javascript';
import { type ClusterOptions, call, kafkaError } from './client.ts';

const timeoutMs = 5_000;

interface GroupAnswer {
  readonly error?: unknown;
  readonly partitions: readonly { topic: string; partition: number; offset: number; error?: unknown }[];
}

/** Asks how far consumer groups are, over one connection that opens with the first question. */
export const openCommitted = (cluster: ClusterOptions) => {
  let admin: ReturnType<typeof ckjs.AdminClient.create> | undefined;
  return {
    /** See `Kafka.committed`. */
    async of(groupId: string): Promise<ReadonlyMap<string, number>> {
      admin ??= ckjs.AdminClient.create({ 'bootstrap.servers': cluster.brokers, ...cluster.settings } as never);
      const asked = admin;
      const doing = `Cannot read how far group ${groupId} is`;
      const [group] = await call<GroupAnswer[]>(doing, (done) =>
        asked.listConsumerGroupOffsets([{ groupId }], { timeout: timeoutMs }, done as never),
      );
      if (!group || group.error) throw kafkaError(doing, group?.error);
      return new Map(
        group.partitions
          .filter(({ offset, error }) => offset >= 0 && !error)
          .map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
      );
    },
    close(): void {
      admin?.disconnect();
    },
  };
};
