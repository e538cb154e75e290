import { EbbtideError } from '../../schemas/errors.ts';
import { type ClusterOptions, connectProducer, disconnect, kafkaError, type NativeProducer } from './client.ts';
import type { OutgoingMessage, Producer, ProducerOptions } from './types.ts';

interface Group {
  readonly messages: readonly OutgoingMessage[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** librdkafka's code where its queue takes no more. */
export const queueFull = -184;

/**
 * Hand messages to librdkafka's queue, waiting where it is full.
 *
 * @param queued - called for each message that is in the queue, even where a later one is refused
 */
export const enqueue = async (
  producer: NativeProducer,
  messages: readonly OutgoingMessage[],
  queued?: () => void,
): Promise<void> => {
  for (let i = 0; i < messages.length; i++) {
    const { topic, partition, key, value, headers } = messages[i]!;
    for (;;) {
      try {
        if (headers) producer.produce(topic, partition ?? null, value, key, null, null, headers as never);
        else producer.produce(topic, partition ?? null, value, key);
        queued?.();
        break;
      } catch (error) {
        if ((error as { code?: number }).code !== queueFull) throw kafkaError(`Cannot write to ${topic}`, error);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
};

/** A producer that acknowledges whole groups: calls made while one group is in flight are sent together as the next. */
export const openProducer = async (cluster: ClusterOptions, options: ProducerOptions = {}): Promise<Producer> => {
  const deliveryTimeoutMs = 30_000;
  const { lingerMs = 2 } = options;
  const producer = await connectProducer(cluster, {
    'linger.ms': lingerMs,
    'message.timeout.ms': deliveryTimeoutMs,
    dr_cb: true,
  });
  let waiting: Group[] = [];
  let working: Promise<void> | undefined;
  let outstanding = 0;
  let failure: unknown;
  let allReported: (() => void) | undefined;

  const reported = () => {
    if (--outstanding === 0) allReported?.();
  };
  producer.on('delivery-report', (error) => {
    failure ??= error ?? undefined;
    reported();
  });

  const sendGroup = async (groups: Group[]) => {
    failure = undefined;
    // One more than is in the queue, until all is in it: reports come while others are still being handed over.
    outstanding = 1;
    const delivered = new Promise<void>((resolve) => {
      allReported = resolve;
    });
    const accepted: Group[] = [];
    for (const group of groups) {
      try {
        await enqueue(producer, group.messages, () => outstanding++);
        accepted.push(group);
      } catch (error) {
        // What was queued of it before is still reported, and must not count for the next ones.
        group.reject(error);
      }
    }
    reported();
    await delivered;
    for (const { messages, resolve, reject } of accepted)
      if (failure) reject(kafkaError(`Cannot write ${messages.length} messages to Kafka`, failure));
      else resolve();
  };

  const work = async () => {
    while (waiting.length > 0) {
      const groups = waiting;
      waiting = [];
      await sendGroup(groups);
    }
    working = undefined;
  };

  return {
    send(messages) {
      if (messages.length === 0) return Promise.resolve();
      if (!producer.isConnected())
        return Promise.reject(new EbbtideError('KAFKA_UNAVAILABLE', 'The producer is closed'));
      return new Promise((resolve, reject) => {
        waiting.push({ messages, resolve, reject });
        working ??= work();
      });
    },
    async close() {
      await working;
      await disconnect(producer);
    },
  };
};
