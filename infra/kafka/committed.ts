import { type ClusterOptions, call, connectConsumer, disconnect, kafkaError, type NativeConsumer } from './client.ts';

const timeoutMs = 5_000;

interface Committed {
  readonly topic: string;
  readonly partition: number;
  readonly offset?: number | null;
  readonly error?: unknown;
}

/**
 * Asks how far consumer groups are, each over one connection that opens with the first question. It joins no group, and
 * commits nothing.
 */
export const openCommitted = (cluster: ClusterOptions, partitionsOf: (topic: string) => Promise<number>) => {
  const asking = new Map<string, Promise<NativeConsumer>>();
  const places = new Map<string, readonly { topic: string; partition: number }[]>();
  const consumerOf = (groupId: string): Promise<NativeConsumer> => {
    const known = asking.get(groupId);
    if (known) return known;
    const opened = connectConsumer(cluster, { 'group.id': groupId });
    asking.set(groupId, opened);
    opened.catch(() => asking.delete(groupId));
    return opened;
  };
  const placesOf = async (topic: string) => {
    const known = places.get(topic);
    if (known) return known;
    const all = Array.from({ length: await partitionsOf(topic) }, (_, partition) => ({ topic, partition }));
    places.set(topic, all);
    return all;
  };
  return {
    /** See `Kafka.committed`. */
    async of(groupId: string, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
      const consumer = await consumerOf(groupId);
      const wanted = (await Promise.all(topics.map(placesOf))).flat();
      if (wanted.length === 0) return new Map();
      const doing = `Cannot read how far group ${groupId} is`;
      const answers = await call<Committed[]>(doing, (done) =>
        consumer.committed(wanted as never, timeoutMs, done as never),
      );
      const refused = answers.find(({ error }) => error);
      if (refused) throw kafkaError(doing, refused.error);
      return new Map(
        answers.flatMap(({ topic, partition, offset }) =>
          typeof offset === 'number' && offset >= 0 ? [[`${topic}/${partition}`, offset] as const] : [],
        ),
      );
    },
    async close(): Promise<void> {
      const open = await Promise.allSettled(asking.values());
      await Promise.all(open.map((one) => (one.status === 'fulfilled' ? disconnect(one.value) : undefined)));
    },
  };
};
