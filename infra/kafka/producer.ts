import { EbbtideError } from '../../schemas/errors.ts';
import { type ClusterOptions, connectProducer, disconnect, kafkaError, type NativeProducer } from './client.ts';
import type { OutgoingMessage, Producer } from './types.ts';

interface Group {
  readonly messages: readonly OutgoingMessage[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const queueFull = -184;

/** Hand messages to librdkafka's queue, waiting where it is full. */
export const enqueue = async (producer: NativeProducer, messages: readonly OutgoingMessage[]): Promise<void> => {
  for (let i = 0; i < messages.length; i++) {
    const { topic, partition, key, value } = messages[i]!;
    for (;;) {
      try {
        producer.produce(topic, partition ?? null, value, key);
        break;
      } catch (error) {
        if ((error as { code?: number }).code !== queueFull) throw kafkaError(`Cannot write to ${topic}`, error);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
};

/**
 * A producer that acknowledges whole groups: calls made while one group is in flight are sent together as the next.
 *
 * @param options.lingerMs - how long librdkafka waits to fill a request, milliseconds, 0 and up
 */
export const openProducer = async (cluster: ClusterOptions, options: { lingerMs?: number } = {}): Promise<Producer> => {
  const deliveryTimeoutMs = 30_000;
  const producer = await connectProducer(cluster, {
    'linger.ms': options.lingerMs ?? 2,
    'message.timeout.ms': deliveryTimeoutMs,
    dr_cb: true,
  });
  let waiting: Group[] = [];
  let working: Promise<void> | undefined;
  let outstanding = 0;
  let failure: unknown;
  let settled: (() => void) | undefined;

  producer.on('delivery-report', (error) => {
    failure ??= error ?? undefined;
    if (--outstanding === 0) settled?.();
  });

  const sendGroup = async (groups: Group[]) => {
    const messages = groups.flatMap((group) => group.messages);
    failure = undefined;
    outstanding = messages.length;
    const delivered = new Promise<void>((resolve) => {
      settled = resolve;
    });
    try {
      await enqueue(producer, messages);
      await delivered;
      if (failure) throw kafkaError(`Cannot write ${messages.length} messages to Kafka`, failure);
      for (const group of groups) group.resolve();
    } catch (error) {
      for (const group of groups) group.reject(error);
    }
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
