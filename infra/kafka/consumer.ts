import { type ClusterOptions, call, connectConsumer, consume, disconnect } from './client.ts';
import type { GroupConsumer, Message, MessageBatch } from './types.ts';

/** How long a commit is still waited for at the end. */
const lastCommitMs = 3000;

/** Missing in the binding's own types. */
interface CommitsWithCallback {
  commitCb(offsets: readonly object[], done: (error: unknown) => void): void;
}

const assignCode = -175;
/** Without an answer from the broker for this long a consumer that has partitions is not healthy. */
const stillAliveMs = 30_000;

/**
 * A member of a consumer group that reads at least once: the next batch is read only after the last was acknowledged.
 * Assignment is eager, since librdkafka's cooperative one is known to stall (confluent-kafka-javascript#476).
 */
export const openConsumer = async (
  cluster: ClusterOptions,
  options: { groupId: string; topics: readonly string[]; batchSize?: number },
): Promise<GroupConsumer> => {
  let assigned: { topic: string; partition: number }[] = [];
  let generation = 0;
  let change: Promise<void> = Promise.resolve();
  let changing = 0;
  let reading: Promise<unknown> = Promise.resolve();
  const consumer = await connectConsumer(
    cluster,
    {
      'group.id': options.groupId,
      'session.timeout.ms': 10_000,
      'heartbeat.interval.ms': 2_000,
      'topic.metadata.refresh.interval.ms': 5_000,
      'queued.max.messages.kbytes': 32_768,
    },
    function (error, partitions) {
      changing++;
      change = change
        .then(async () => {
          // A read under way would take the first messages of the new assignment with it, under the old one's name.
          if (error?.code === assignCode) await reading;
          generation++;
          assigned = error?.code === assignCode ? partitions : [];
          if (assigned.length > 0) this.assign(assigned);
          else this.unassign();
        })
        .catch(() => {})
        .finally(() => {
          changing--;
        });
    },
  );
  consumer.subscribe([...options.topics]);
  let open = true;
  const closing = deferred();
  let answeredAt = performance.now();

  const commit = async (messages: readonly Message[], readIn: number) => {
    if (generation !== readIn) return;
    const next = new Map<string, { topic: string; partition: number; offset: number }>();
    for (const { topic, partition, offset } of messages)
      next.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1 });
    try {
      const committed = call('Cannot commit offsets', (done) =>
        (consumer as unknown as CommitsWithCallback).commitCb([...next.values()], done),
      );
      // A broker that is away must not hold up the end.
      await Promise.race([committed, closing.promise.then(() => pause(lastCommitMs))]);
    } catch (error) {
      // The group has moved on, or we leave it: the messages come again to whoever has the partition, which
      // at-least-once allows.
      if (generation === readIn && open) throw error;
    }
  };

  return {
    async *batches(): AsyncGenerator<MessageBatch> {
      while (open) {
        while (changing > 0) await change;
        const readIn = generation;
        const next = consume(consumer, options.batchSize ?? 2000);
        reading = next.catch(() => {});
        let messages: Message[] = [];
        try {
          messages = (await next) as Message[];
          answeredAt = performance.now();
        } catch {
          await pause(100);
        }
        // What was read across a change of partitions was not acknowledged by anybody, and comes again.
        if (messages.length === 0 || readIn !== generation) continue;
        let acked = false;
        const done = deferred();
        yield {
          messages,
          ack: async () => {
            if (acked) return;
            acked = true;
            try {
              await commit(messages, readIn);
            } finally {
              done.resolve();
            }
          },
        };
        if (!acked && open) await Promise.race([done.promise, closing.promise]);
      }
    },
    async lag() {
      let total = 0;
      for (const { topic, partition } of assigned) {
        const marks = await call<{ highOffset: number; lowOffset: number }>('Cannot read offsets', (cb) =>
          consumer.queryWatermarkOffsets(topic, partition, 5000, cb as never),
        );
        const positions = consumer.position([{ topic, partition }] as never) as { offset?: number }[];
        // Nothing read of a partition yet: the group is where it last committed.
        const at =
          offsetOf(positions) ??
          offsetOf(
            await call<{ offset?: number }[]>('Cannot read committed offsets', (cb) =>
              consumer.committed([{ topic, partition }] as never, 5000, cb as never),
            ),
          ) ??
          marks.lowOffset;
        total += Math.max(0, marks.highOffset - at);
      }
      return total;
    },
    healthy: () => assigned.length > 0 && performance.now() - answeredAt < stillAliveMs,
    async close() {
      open = false;
      closing.resolve();
      await reading;
      await change;
      await disconnect(consumer);
    },
  };
};

const offsetOf = ([place]: readonly { offset?: number }[] = []): number | undefined =>
  place?.offset !== undefined && place.offset >= 0 ? place.offset : undefined;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `Promise.withResolvers` for Node 20. */
const deferred = (): { promise: Promise<void>; resolve: () => void } => {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
};
