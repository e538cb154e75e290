import { createRequire } from 'node:module';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { MessageHeaders, Producer } from '../../kafka/types.ts';

/** What this file uses of the binding's producer. */
interface NativeProducer {
  connect(options: { timeout: number }, done: (error: Error | null) => void): void;
  disconnect(done: () => void): void;
  produce(
    topic: string,
    partition: number | null,
    value: Buffer | null,
    key: Buffer | string | null,
    timestamp?: number | null,
    opaque?: null,
    headers?: MessageHeaders,
  ): void;
  setPollInBackground(on: boolean): void;
  on(event: 'event.error', listener: () => void): void;
  on(event: 'delivery-report', listener: (error: Error | null) => void): void;
}

const connectTimeoutMs = 10_000;

/**
 * A producer for one caller that awaits each send, out of the binding's own producer alone: the package's index also
 * loads its second API, which is 2 MB. Only for `main.ts`, whose script stands where the package is found. Partitions are chosen as `infra/kafka` chooses them.
 *
 * @param timeoutMs - after which a message that is not acknowledged has failed
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` when no broker answers within 10 s
 */
export const openLeanProducer = async (
  { brokers, settings }: { brokers: string; settings?: Record<string, string | number | boolean> },
  timeoutMs: number,
): Promise<Producer> => {
  const Native = createRequire(process.argv[1]!)('@confluentinc/kafka-javascript/lib/producer.js') as new (
    settings: object,
    topicSettings: object,
  ) => NativeProducer;
  const producer = new Native(
    {
      'bootstrap.servers': brokers,
      'socket.keepalive.enable': true,
      'reconnect.backoff.max.ms': 10_000,
      'enable.idempotence': true,
      'compression.codec': 'lz4',
      'linger.ms': 0,
      'message.timeout.ms': timeoutMs,
      'queue.buffering.max.messages': 5000,
      'queue.buffering.max.kbytes': 8192,
      dr_cb: true,
      ...settings,
    },
    { partitioner: 'murmur2_random' },
  );
  let outstanding = 0;
  let failure: Error | undefined;
  let settle = (): void => {};
  producer.on('event.error', () => {});
  producer.on('delivery-report', (error) => {
    failure ??= error ?? undefined;
    if (--outstanding === 0) settle();
  });
  await new Promise<void>((resolve, reject) =>
    producer.connect({ timeout: connectTimeoutMs }, (error) =>
      error ? reject(unavailable(`Cannot reach Kafka at ${brokers}`, error)) : resolve(),
    ),
  );
  producer.setPollInBackground(true);
  return {
    async send(messages) {
      failure = undefined;
      const delivered = new Promise<void>((resolve) => {
        settle = resolve;
      });
      try {
        for (const { topic, partition, key, value, headers } of messages) {
          if (headers) producer.produce(topic, partition ?? null, value, key, null, null, headers);
          else producer.produce(topic, partition ?? null, value, key);
          outstanding++;
        }
      } catch (error) {
        throw unavailable('Cannot hand telemetry to librdkafka', error as Error);
      }
      if (outstanding > 0) await delivered;
      if (failure) throw unavailable(`Cannot write ${messages.length} messages to Kafka`, failure);
    },
    close: () => new Promise((resolve) => producer.disconnect(() => resolve())),
  };
};

const unavailable = (doing: string, cause: Error): EbbtideError =>
  new EbbtideError('KAFKA_UNAVAILABLE', `${doing}: ${cause.message}`, {}, cause);
