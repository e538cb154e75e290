import { type ClusterOptions, call, connectConsumer, consume, disconnect, kafkaError } from './client.ts';
import type { GroupConsumer, Message, MessageBatch } from './types.ts';

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
      generation++;
      if (error?.code === assignCode) {
        assigned = partitions;
        this.assign(partitions);
      } else {
        assigned = [];
        this.unassign();
      }
    },
  );
  consumer.subscribe([...options.topics]);
  let open = true;
  const closing = deferred();
  let idle: Promise<unknown> = Promise.resolve();
  let answeredAt = performance.now();

  const commit = async (messages: readonly Message[], readIn: number) => {
    if (generation !== readIn) return;
    const next = new Map<string, { topic: string; partition: number; offset: number }>();
    for (const { topic, partition, offset } of messages)
      next.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1 });
    try {
      consumer.commitSync([...next.values()] as never);
    } catch (error) {
      // The group has moved on: the messages come again to whoever has the partition, which at-least-once allows.
      if (generation === readIn) throw kafkaError('Cannot commit offsets', error);
    }
  };

  return {
    async *batches(): AsyncGenerator<MessageBatch> {
      while (open) {
        const reading = consume(consumer, options.batchSize ?? 2000);
        idle = reading.catch(() => {});
        let messages: Message[] = [];
        try {
          messages = (await reading) as Message[];
          answeredAt = performance.now();
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        if (messages.length === 0) continue;
        const readIn = generation;
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
        const [position] = consumer.position([{ topic, partition }] as never) as { offset?: number }[];
        const at = position?.offset !== undefined && position.offset >= 0 ? position.offset : marks.lowOffset;
        total += Math.max(0, marks.highOffset - at);
      }
      return total;
    },
    healthy: () => assigned.length > 0 && performance.now() - answeredAt < stillAliveMs,
    async close() {
      open = false;
      closing.resolve();
      await idle;
      await disconnect(consumer);
    },
  };
};

/** `Promise.withResolvers` for Node 20. */
const deferred = (): { promise: Promise<void>; resolve: () => void } => {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
};
