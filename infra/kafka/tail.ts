import { type ClusterOptions, call, connectConsumer, consume, disconnect } from './client.ts';
import { extentsOf } from './offsets.ts';
import type { Message, Tail, TailFrom } from './types.ts';

let tails = 0;
const endTimeoutMs = 5_000;

/** Follow all partitions of some topics (or the partitions named) without a group; see {@link Tail}. */
export const openTail = async (
  cluster: ClusterOptions,
  options: {
    topics: readonly string[];
    from: TailFrom;
    partitions?: readonly { topic: string; partition: number }[];
  },
  partitionsOf: (topic: string) => Promise<number>,
): Promise<Tail> => {
  // Asking for a topic's partitions also makes it, where the broker creates topics on first use.
  const counts = new Map<string, number>();
  for (const topic of new Set([...options.topics, ...(options.partitions ?? []).map((one) => one.topic)]))
    counts.set(topic, await partitionsOf(topic));
  const partitions =
    options.partitions ??
    options.topics.flatMap((topic) =>
      Array.from({ length: counts.get(topic)! }, (_, partition) => ({ topic, partition })),
    );
  const pending = new Map<string, number>();
  const starts: { topic: string; partition: number; offset: number }[] = [];
  const { from } = options;
  const extents = await extentsOf(cluster, partitions, typeof from === 'object' ? from.sinceMs : undefined);
  for (const { topic, partition, low, high } of extents) {
    starts.push({ topic, partition, offset: from === 'end' ? high : low });
    if (from !== 'end' && high > low) pending.set(`${topic}/${partition}`, high);
  }
  const positions = new Map(starts.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  let open = true;
  let reading: Promise<unknown> = Promise.resolve();
  let reachedEnd = () => {};
  const caughtUp = new Promise<void>((resolve) => {
    reachedEnd = resolve;
  });
  const reach = (topic: string, partition: number, offset: number) => {
    const id = `${topic}/${partition}`;
    positions.set(id, offset);
    const end = pending.get(id);
    if (end !== undefined && offset >= end) pending.delete(id);
  };
  // Last, for nothing would close it where what is before fails
  const consumer = await connectConsumer(cluster, {
    'group.id': `ebbtide-tail-${process.pid}-${tails++}`,
    'enable.partition.eof': true,
  });
  consumer.on('partition.eof', (({ topic, partition, offset }: { topic: string; partition: number; offset: number }) =>
    reach(topic, partition, offset)) as never);
  consumer.assign(starts as never);

  return {
    caughtUp,
    async *batches(): AsyncGenerator<readonly Message[]> {
      let behind = true;
      while (open) {
        if (behind && pending.size === 0) {
          behind = false;
          reachedEnd();
          yield [];
        }
        const next = consume(consumer, 2000);
        reading = next.catch(() => {});
        let messages: Message[] = [];
        try {
          messages = (await next) as Message[];
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        if (messages.length > 0) yield messages;
        for (const message of messages) reach(message.topic, message.partition, message.offset + 1);
      }
    },
    async mark() {
      const ends: [id: string, end: number][] = [];
      // One after the other: each holds one of Node's few worker threads, for long where Kafka is away
      for (const { topic, partition } of starts) {
        const { highOffset } = await call<{ highOffset: number }>(`Cannot read the end of ${topic}`, (done) =>
          consumer.queryWatermarkOffsets(topic, partition, endTimeoutMs, done as never),
        );
        ends.push([`${topic}/${partition}`, highOffset]);
      }
      return () => ends.every(([id, end]) => positions.get(id)! >= end);
    },
    async close() {
      open = false;
      await reading;
      await disconnect(consumer);
    },
  };
};
