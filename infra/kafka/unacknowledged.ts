import { type ClusterOptions, connectProducer, disconnect, kafkaError } from './client.ts';
import { queueFull } from './producer.ts';
import type { UnacknowledgedOptions, UnacknowledgedProducer } from './types.ts';

const askEveryMs = 1_000;

/** A producer for what may be lost: no report comes of what the broker has taken, and nothing is waited for. */
export const openUnacknowledged = async (
  cluster: ClusterOptions,
  { lingerMs, queueMessages, onLost }: UnacknowledgedOptions,
): Promise<UnacknowledgedProducer> => {
  const producer = await connectProducer(cluster, {
    'linger.ms': lingerMs,
    // An idempotent producer of librdkafka spins on a core while a broker takes longer to answer than messages linger
    'enable.idempotence': false,
    'max.in.flight.requests.per.connection': 5,
    'message.timeout.ms': 30_000,
    'queue.buffering.max.messages': queueMessages,
    'statistics.interval.ms': askEveryMs,
    'delivery.report.only.error': true,
    dr_cb: true,
  });
  producer.on('delivery-report', () => onLost(1));
  let waiting = 0;
  producer.on('event.stats', ({ message }) => {
    waiting = Number(/"msg_cnt": ?(\d+)/.exec(message)?.[1] ?? 0);
  });
  return {
    offer({ topic, partition, key, value, headers }) {
      try {
        if (headers) producer.produce(topic, partition ?? null, value, key, null, null, headers as never);
        else producer.produce(topic, partition ?? null, value, key);
        return true;
      } catch (error) {
        if ((error as { code?: number }).code === queueFull) return false;
        throw kafkaError(`Cannot write to ${topic}`, error);
      }
    },
    waiting: () => waiting,
    close: () => disconnect(producer),
  };
};
