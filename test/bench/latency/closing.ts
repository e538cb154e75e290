import type { Kafka } from '../../../infra/kafka/types.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { sharedRegistry } from './stage.ts';

/** A window whose closing is looked for. */
export interface Sought {
  readonly partition: number;
  /** Event time at which it closes, epoch milliseconds. */
  readonly closesAt: number;
  /** When the message that closed it was sent, epoch milliseconds. */
  sentAt?: number;
}

/**
 * Find out, from what lies in Kafka, which message closed each window: the first on its partition whose first sample,
 * or whose clock, had come to that time. Read afterwards, so that it disturbs nothing.
 */
export const findClosing = async (kafka: Kafka, sought: readonly Sought[]): Promise<void> => {
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, await sharedRegistry());
  const waiting = new Map<number, Sought[]>();
  for (const one of [...sought].sort((a, b) => b.closesAt - a.closesAt))
    waiting.set(one.partition, [...(waiting.get(one.partition) ?? []), one]);
  const tail = await kafka.tail({ topics: [topics.telemetryResource.name], from: 'beginning' });
  for await (const messages of tail.batches()) {
    if (messages.length === 0) break;
    for (const { partition, value } of messages) {
      const list = waiting.get(partition);
      if (!value || !list || list.length === 0) continue;
      const { samples, clock, sentAt } = codec.decode(value);
      const time = clock?.time ?? samples[0]?.time ?? 0;
      while (list.length > 0 && list.at(-1)!.closesAt <= time) list.pop()!.sentAt = sentAt;
    }
  }
  await tail.close();
};
