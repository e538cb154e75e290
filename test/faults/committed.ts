import { type ClusterOptions, call, connectConsumer, disconnect } from '../../infra/kafka/client.ts';

/** Where a partition stands for a group: what it has committed, 0 for nothing, and the partition's end. */
export interface Committed {
  readonly partition: number;
  readonly offset: number;
  readonly end: number;
}

/** What a group has committed of a topic. */
export const committedOf = async (
  cluster: ClusterOptions,
  groupId: string,
  topic: string,
  partitions: number,
): Promise<Committed[]> => {
  const consumer = await connectConsumer(cluster, { 'group.id': groupId });
  try {
    const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const committed = await call<{ partition: number; offset?: number }[]>('Cannot read offsets', (done) =>
      consumer.committed(places as never, 10_000, done as never),
    );
    return await Promise.all(
      committed.map(async ({ partition, offset }) => {
        const { highOffset } = await call<{ highOffset: number }>('Cannot read offsets', (done) =>
          consumer.queryWatermarkOffsets(topic, partition, 10_000, done as never),
        );
        return { partition, offset: Math.max(0, offset ?? 0), end: highOffset };
      }),
    );
  } finally {
    await disconnect(consumer);
  }
};
