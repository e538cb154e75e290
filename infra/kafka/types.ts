import type { TopicSpec } from '../../schemas/topics.ts';

/** Headers of a message, as librdkafka has them. */
export type MessageHeaders = readonly Readonly<Record<string, string | Buffer>>[];

/** One message as read from Kafka. */
export interface Message {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Broker's or producer's timestamp, epoch milliseconds. Event time is inside the value. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Absent where it has none. */
  readonly headers?: MessageHeaders | undefined;
}

/** One message to write. */
export interface OutgoingMessage {
  readonly topic: string;
  /** Partition to write to; by the key's hash (murmur2, as Java clients do) when absent. */
  readonly partition?: number;
  readonly key: Buffer | string | null;
  /** Framed Avro; null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers?: MessageHeaders | undefined;
}

/** How a {@link Producer} hands messages over. */
export interface ProducerOptions {
  /** How long librdkafka waits to fill a request, milliseconds, 0 and up. @default 2 */
  readonly lingerMs?: number;
}

/** Writes with idempotence and all replicas' acknowledgement. */
export interface Producer {
  /**
   * Write messages and wait until the broker has acknowledged all of them. Keep arrays large: one call a flush.
   *
   * @throws {EbbtideError} `KAFKA_UNAVAILABLE` or `KAFKA_REJECTED`; none of the messages may then be assumed written
   */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** How an {@link UnacknowledgedProducer} hands messages over. */
export interface UnacknowledgedOptions {
  /** How long messages are gathered, milliseconds, 0 and up. */
  readonly lingerMs: number;
  /** Most messages in the client's queue, 1 and up. */
  readonly queueMessages: number;
  /** Told of messages that were offered, and that the broker did not take. */
  onLost(messages: number): void;
}

/**
 * Writes what may be lost where Kafka is away for long: nobody waits for it. Where a connection breaks before the broker
 * has answered, messages may be written twice, or out of order.
 */
export interface UnacknowledgedProducer {
  /**
   * Hand a message to the client's queue, which copies it.
   *
   * @returns false where the queue is full
   */
  offer(message: OutgoingMessage): boolean;
  /** Messages that the broker had not taken, as of the second before. */
  waiting(): number;
  /** Write what waits, for five seconds at most. */
  close(): Promise<void>;
}

/** Messages that were read together; the next batch is fetched only after `ack`. */
export interface MessageBatch {
  readonly messages: readonly Message[];
  /** Commit the offsets after these messages and ask for the next batch. */
  ack(): Promise<void>;
}

/** Reads topics as a member of a consumer group, at least once. */
export interface GroupConsumer {
  /** Batches, one at a time; ends after {@link close}. */
  batches(): AsyncIterable<MessageBatch>;
  /** Messages not yet read, over all assigned partitions. */
  lag(): Promise<number>;
  /** Whether partitions are assigned and the broker has answered lately. */
  healthy(): boolean;
  close(): Promise<void>;
}

/** Follows topics without a group: from the beginning, or from the end on. Nothing is committed. */
export interface Tail {
  /** Batches as they come; one empty batch says that everything that was there at the start has been yielded. */
  batches(): AsyncIterable<readonly Message[]>;
  /** Resolves once everything that was there at the start has been yielded. */
  caughtUp: Promise<void>;
  /**
   * Note where partitions end now. What it resolves with tells whether all committed records up to there have been yielded
   * and dealt with.
   *
   * @throws {EbbtideError} `KAFKA_UNAVAILABLE` where the broker does not say
   */
  mark(): Promise<() => boolean>;
  close(): Promise<void>;
}

/** Where a topic is read from: its beginning, its end, or what was written since then, epoch milliseconds. */
export type TailFrom = 'beginning' | 'end' | { readonly sinceMs: number };

/** Connects to one Kafka cluster. */
export interface Kafka {
  /** Addresses, `host:port` joined by commas. */
  readonly brokers: string;
  producer(options?: ProducerOptions): Promise<Producer>;
  unacknowledged(options: UnacknowledgedOptions): Promise<UnacknowledgedProducer>;
  /** `batchSize` bounds the messages in one batch, 1 and up. */
  consumer(options: { groupId: string; topics: readonly string[]; batchSize?: number }): Promise<GroupConsumer>;
  /** Follow all partitions of the topics, or just the partitions named. */
  tail(options: {
    topics: readonly string[];
    from: TailFrom;
    partitions?: readonly { topic: string; partition: number }[];
  }): Promise<Tail>;
  /**
   * Create what is missing of some topics, with their partitions, clean-up and retention.
   *
   * @param options - `specs`: which topics, by default all of Ebbtide's; `retentionMs`: retention before that of their
   *   contract, by topic, milliseconds; -1 keeps for ever
   */
  ensureTopics(
    partitions: number,
    options?: {
      readonly specs?: readonly TopicSpec[];
      readonly retentionMs?: Readonly<Record<string, number | undefined>>;
    },
  ): Promise<void>;
  /**
   * Offsets that a consumer group has committed of topics, the first that it has not dealt with, by `<topic>/<partition>`; none
   * of partitions of which it has committed nothing.
   *
   * @throws {EbbtideError} `KAFKA_UNAVAILABLE`, also where this principal may not see the group
   */
  committed(groupId: string, topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Number of partitions of a topic. */
  partitionsOf(topic: string): Promise<number>;
  close(): Promise<void>;
}
