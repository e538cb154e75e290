import { EbbtideError } from '../../schemas/errors.ts';
import {
  type ClusterOptions,
  call,
  connectConsumer,
  connectProducer,
  consume,
  disconnect,
  metadataOf,
  type NativeConsumer,
} from './client.ts';
import { enqueue } from './producer.ts';
import type { Message, OutgoingMessage } from './types.ts';

/** What a job is told when its partitions change. Both are awaited before reading goes on. */
export interface Assignment {
  /** Bring up the state of partitions and say where to begin reading each. */
  assigned(partitions: readonly number[]): Promise<ReadonlyMap<number, number>>;
  /** Finish what was begun; the partitions are given up once this resolves. */
  revoked(): Promise<void>;
}

/**
 * Consume, process and produce exactly once: what is read from one topic's partitions and what is written because of
 * it commit together. Fenced by the consumer group's generation (KIP-447) and by the transactional id.
 */
export interface ExactlyOnceSession {
  /** Messages that are ready, at most `most`; waits 100 ms for the first, and none while partitions change hands. */
  poll(most: number): Promise<Polled>;
  /** Advances as soon as partitions change hands: messages polled in another epoch than this must not be begun. */
  epoch(): number;
  /**
   * Commit records and the offsets after the messages that they come of, in one transaction.
   *
   * @throws {EbbtideError} after which nothing of it is visible, and the session has to be closed
   */
  commit(records: readonly OutgoingMessage[], next: ReadonlyMap<number, number>): Promise<void>;
  /** Partitions held. */
  partitions(): readonly number[];
  /** Messages not yet read. */
  lag(): Promise<number>;
  /** Rejects when no broker answers within a second. */
  reachable(): Promise<void>;
  close(): Promise<void>;
}

export interface Polled {
  readonly messages: readonly Message[];
  readonly epoch: number;
}

export interface SessionOptions {
  readonly groupId: string;
  readonly topic: string;
  /** Names this instance among those of the group; an instance that comes back under its name fences its predecessor. */
  readonly instanceId: string;
  /** Without a heartbeat for this long an instance is thought dead, milliseconds. @default 10000 */
  readonly sessionTimeoutMs?: number;
  /** An open transaction of a dead instance is aborted after this, milliseconds. @default 15000 */
  readonly transactionTimeoutMs?: number;
}

const assignCode = -175;
const callTimeoutMs = 30_000;

/** Open a session; partitions come with the first polls. */
export const openSession = async (
  cluster: ClusterOptions,
  options: SessionOptions,
  assignment: Assignment,
): Promise<ExactlyOnceSession> => {
  let held: number[] = [];
  let change: Promise<void> = Promise.resolve();
  let changing = 0;
  let epoch = 0;
  let failure: unknown;
  let closing = false;
  let consuming: Promise<unknown> = Promise.resolve();

  const producer = await connectProducer(cluster, {
    'transactional.id': `${options.groupId}-${options.instanceId}`,
    'transaction.timeout.ms': options.transactionTimeoutMs ?? 15_000,
    'linger.ms': 5,
    'sticky.partitioning.linger.ms': 0,
  });
  const { topic } = options;
  const connect = () =>
    connectConsumer(
      cluster,
      {
        'group.id': options.groupId,
        'session.timeout.ms': options.sessionTimeoutMs ?? 10_000,
        'heartbeat.interval.ms': Math.min(3000, Math.floor((options.sessionTimeoutMs ?? 10_000) / 3)),
        'max.poll.interval.ms': Math.max(300_000, options.sessionTimeoutMs ?? 0),
        'queued.max.messages.kbytes': 65_536,
        'fetch.message.max.bytes': 2_097_152,
      },
      function (error, partitions) {
        const gained = error?.code === assignCode ? partitions.map(({ partition }) => partition) : [];
        changing++;
        // What was read before and not yet begun is left to whoever has the partition next, who is given it again.
        epoch++;
        change = change
          .then(async () => {
            if (gained.length === 0) {
              await assignment.revoked();
              epoch++;
              held = [];
              this.unassign();
              return;
            }
            const starts = await assignment.assigned(gained);
            // A read under way would take the first messages of the new assignment with it, to be dropped as the old's.
            await consuming;
            epoch++;
            held = gained;
            this.assign(gained.map((partition) => ({ topic, partition, offset: starts.get(partition) ?? 0 })) as never);
          })
          .catch((cause) => {
            // A consumer that is being closed takes no assignment any more
            if (!closing) failure ??= cause;
          })
          .finally(() => {
            changing--;
          });
      },
    );
  let consumer: NativeConsumer;
  try {
    await call('Cannot begin to write transactions', (done) => producer.initTransactions(callTimeoutMs, done as never));
    consumer = await connect();
  } catch (error) {
    await disconnect(producer);
    throw error;
  }
  consumer.subscribe([topic]);

  return {
    async poll(most) {
      while (changing > 0) await change;
      if (failure) throw failure;
      const reading = consume(consumer, most) as Promise<Message[]>;
      consuming = reading.catch(() => {});
      const readIn = epoch;
      const messages = await reading;
      while (changing > 0) await change;
      if (failure) throw failure;
      // What was read meanwhile belongs to the assignment before; it is read again from where the new one begins.
      return { messages: readIn === epoch ? messages : [], epoch };
    },
    epoch: () => epoch,
    async commit(records, next) {
      const offsets = [...next].map(([partition, offset]) => ({ topic, partition, offset }));
      await call('Cannot begin a transaction', (done) => producer.beginTransaction(done as never));
      try {
        await enqueue(producer, records);
        // The changelog has to be in the log before the group accepts the offsets: whoever is given the partition
        // next reads the changelog up to the end that it then has.
        if (records.length > 0)
          await call('Cannot write a transaction', (done) => producer.flush(callTimeoutMs, done as never));
        await call('Cannot commit offsets in a transaction', (done) =>
          producer.sendOffsetsToTransaction(offsets as never, consumer, callTimeoutMs, done as never),
        );
        await call('Cannot commit a transaction', (done) => producer.commitTransaction(callTimeoutMs, done as never));
      } catch (error) {
        await call('Cannot abort a transaction', (done) =>
          producer.abortTransaction(callTimeoutMs, done as never),
        ).catch(() => {});
        throw error;
      }
    },
    partitions: () => held,
    async lag() {
      let total = 0;
      for (const partition of held) {
        const { highOffset } = await call<{ highOffset: number }>('Cannot read offsets', (done) =>
          consumer.queryWatermarkOffsets(topic, partition, 5000, done as never),
        );
        const [position] = consumer.position([{ topic, partition }] as never) as { offset?: number }[];
        if (position?.offset !== undefined && position.offset >= 0) total += Math.max(0, highOffset - position.offset);
      }
      return total;
    },
    reachable: async () => {
      await metadataOf('Kafka does not answer', consumer, topic, 1000);
    },
    async close() {
      closing = true;
      await consuming;
      await change.catch(() => {});
      await disconnect(consumer);
      await disconnect(producer);
      if (failure && !(failure instanceof EbbtideError)) throw failure;
    },
  };
};
