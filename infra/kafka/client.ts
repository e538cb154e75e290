import ckjs from '@confluentinc/kafka-javascript';
import { EbbtideError } from '../../schemas/errors.ts';

export type NativeConsumer = InstanceType<typeof ckjs.KafkaConsumer>;
export type NativeProducer = InstanceType<typeof ckjs.Producer>;
export type Settings = Record<string, string | number | boolean>;

/** How to reach a Kafka cluster. */
export interface ClusterOptions {
  /** Addresses, `host:port` joined by commas. */
  readonly brokers: string;
  /** Further librdkafka settings for every client, e.g. `security.protocol`, `sasl.username`. */
  readonly settings?: Settings;
}

/** librdkafka's error codes that callers act on. */
const fatalCodes = new Set([-150, -144, -138]);
const fencedCodes = new Set([22, 25, 47, 79, 82, 90, -144, -152]);
const unavailableCodes = new Set([-195, -193, -192, -187, -185, -167, 6, 7, 8, 9, 14, 15, 16]);

/** Kafka's codes for what a principal may not do: with a topic, a group, the cluster, a transactional id. */
const forbiddenCodes = new Set([29, 30, 31, 53]);

/** Whether Kafka refused since this principal may not do that. */
export const isForbidden = (error: unknown): boolean =>
  error instanceof EbbtideError && forbiddenCodes.has(Number(error.details.code));

interface NativeError {
  code?: number;
  message?: string;
  isFatal?: boolean;
}

/** Turn an error of librdkafka into one of ours, saying what could not be done. */
export const kafkaError = (doing: string, cause: unknown): EbbtideError => {
  if (cause instanceof EbbtideError) return cause;
  const { code = 0, message = String(cause), isFatal } = cause as NativeError;
  const kind =
    fencedCodes.has(code) || isFatal || fatalCodes.has(code)
      ? 'KAFKA_FENCED'
      : unavailableCodes.has(code)
        ? 'KAFKA_UNAVAILABLE'
        : 'KAFKA_REJECTED';
  return new EbbtideError(kind, `${doing}: ${message} (librdkafka ${code})`, { code }, cause);
};

/** Run a callback-style call of the binding as a promise. */
export const call = <T = void>(
  doing: string,
  start: (callback: (error: unknown, value?: T) => void) => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    try {
      start((error, value) => (error ? reject(kafkaError(doing, error)) : resolve(value as T)));
    } catch (error) {
      reject(kafkaError(doing, error));
    }
  });

const common = ({ brokers, settings }: ClusterOptions): Settings => ({
  'bootstrap.servers': brokers,
  'socket.keepalive.enable': true,
  'reconnect.backoff.max.ms': 2000,
  'topic.metadata.refresh.interval.ms': 60_000,
  ...settings,
});

const connectTimeoutMs = 15_000;

/** Clients of this process, from when they have reached the cluster until they are closed. */
export const openClients = new Set<NativeConsumer | NativeProducer>();

/** Wakes whoever waits for messages of a consumer. */
class Bell {
  rung = false;
  #wake = () => {};

  ring(): void {
    this.rung = true;
    this.#wake();
  }

  /** Resolves when it rings, or after the time-out. */
  heard(timeoutMs: number): Promise<void> {
    if (this.rung) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const bells = new WeakMap<NativeConsumer, Bell>();

/** A connected consumer; its event errors are left to librdkafka's own reconnecting. */
export const connectConsumer = async (
  cluster: ClusterOptions,
  settings: Settings,
  onRebalance?: (
    this: NativeConsumer,
    error: { code: number } | undefined,
    partitions: { topic: string; partition: number }[],
  ) => void,
): Promise<NativeConsumer> => {
  const bell = new Bell();
  const consumer = new ckjs.KafkaConsumer(
    {
      ...common(cluster),
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'isolation.level': 'read_committed',
      'fetch.wait.max.ms': 50,
      'fetch.error.backoff.ms': 100,
      'fetch.queue.backoff.ms': 50,
      'partition.assignment.strategy': 'range',
      ...settings,
      ...(onRebalance ? { rebalance_cb: onRebalance } : {}),
      queue_non_empty_cb: () => bell.ring(),
    } as never,
    { 'auto.offset.reset': 'earliest' },
  );
  consumer.setDefaultConsumeTimeout(0);
  bells.set(consumer, bell);
  consumer.on('event.error', () => {});
  await call(`Cannot reach Kafka at ${cluster.brokers}`, (done) =>
    consumer.connect({ timeout: connectTimeoutMs }, done as never),
  );
  openClients.add(consumer);
  return consumer;
};

/** A connected producer with idempotence, the partitioner of Java clients, and delivery in the background. */
export const connectProducer = async (cluster: ClusterOptions, settings: Settings): Promise<NativeProducer> => {
  const producer = new ckjs.Producer(
    {
      ...common(cluster),
      'enable.idempotence': true,
      'compression.codec': 'lz4',
      'queue.buffering.max.messages': 1_000_000,
      'queue.buffering.max.kbytes': 524_288,
      'batch.size': 1_000_000,
      'batch.num.messages': 10_000,
      ...settings,
    } as never,
    { partitioner: 'murmur2_random' } as never,
  );
  producer.on('event.error', () => {});
  await call(`Cannot reach Kafka at ${cluster.brokers}`, (done) =>
    producer.connect({ timeout: connectTimeoutMs }, done as never),
  );
  openClients.add(producer);
  producer.setPollInBackground(true);
  return producer;
};

interface TopicMetadata {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly unknown[] }[];
}

/**
 * What the cluster says of one topic: the binding would ask for all of them, of which there may be thousands.
 *
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` where no broker answers in time
 */
export const metadataOf = (
  doing: string,
  client: NativeConsumer | NativeProducer,
  topic: string,
  timeoutMs: number,
): Promise<TopicMetadata> =>
  call(doing, (done) => client.getMetadata({ topic, allTopics: false, timeout: timeoutMs } as never, done as never));

const longestWaitMs = 100;

/**
 * Read what is ready, waiting at most 100 ms for the first message.
 *
 * The waiting is done here and not in the binding, where it would hold one of Node's four worker threads: with a few
 * consumers in a process none would be left for commits, files and look-ups.
 */
export const consume = async (consumer: NativeConsumer, most: number): Promise<unknown[]> => {
  const bell = bells.get(consumer);
  const read = () => {
    if (bell) bell.rung = false;
    return call<unknown[]>('Cannot read from Kafka', (done) => consumer.consume(most, done as never));
  };
  const ready = await read();
  if (ready.length > 0 || !bell) return ready;
  await bell.heard(longestWaitMs);
  return read();
};

export const disconnect = (client: NativeConsumer | NativeProducer): Promise<void> => {
  openClients.delete(client);
  return client.isConnected()
    ? call('Cannot disconnect from Kafka', (done) => client.disconnect(() => done(null)))
    : Promise.resolve();
};
