import { type ClusterOptions, call, connectConsumer, disconnect, kafkaError, type NativeConsumer } from './client.ts';

const timeoutMs = 5_000;
/** Topics may get more partitions. */
const placesKeptMs = 60_000;
/** A question that is refused holds one of Node's few worker threads until its time-out: it is put ever more rarely. */
const shortestPauseMs = 1_000;
const longestPauseMs = 60_000;

interface Committed {
  readonly topic: string;
  readonly partition: number;
  readonly offset?: number | null;
  readonly error?: unknown;
}

/**
 * Asks how far consumer groups are, each over one connection that opens with the first question. It joins no group, and
 * commits nothing. After a failure the same is told of that group for a while without asking: a second, up to a minute where it goes on.
 *
 * @param now - milliseconds from an arbitrary beginning
 */
export const openCommitted = (
  cluster: ClusterOptions,
  partitionsOf: (topic: string) => Promise<number>,
  now: () => number = () => performance.now(),
) => {
  const failures = new Map<string, { readonly error: unknown; readonly pauseMs: number; readonly until: number }>();
  const asking = new Map<string, Promise<NativeConsumer>>();
  const places = new Map<
    string,
    { readonly all: readonly { topic: string; partition: number }[]; readonly until: number }
  >();
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
    if (known && now() < known.until) return known.all;
    const all = Array.from({ length: await partitionsOf(topic) }, (_, partition) => ({ topic, partition }));
    places.set(topic, { all, until: now() + placesKeptMs });
    return all;
  };
  const ask = async (groupId: string, topics: readonly string[]): Promise<ReadonlyMap<string, number>> => {
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
  };
  return {
    /** See `Kafka.committed`. */
    async of(groupId: string, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
      const before = failures.get(groupId);
      if (before && now() < before.until) throw before.error;
      try {
        const found = await ask(groupId, topics);
        failures.delete(groupId);
        return found;
      } catch (error) {
        const pauseMs = before ? Math.min(longestPauseMs, before.pauseMs * 2) : shortestPauseMs;
        failures.set(groupId, { error, pauseMs, until: now() + pauseMs });
        throw error;
      }
    },
    async close(): Promise<void> {
      const open = await Promise.allSettled(asking.values());
      await Promise.all(open.map((one) => (one.status === 'fulfilled' ? disconnect(one.value) : undefined)));
    },
  };
};
