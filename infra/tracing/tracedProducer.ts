import type { Producer } from '../kafka/types.ts';
import type { Tracing } from './types.ts';

/**
 * A producer whose messages begin traces, as often as is sampled: each as long as the broker takes to have it.
 *
 * @param name - of the span
 */
export const tracedProducer = (producer: Producer, tracing: Tracing, name: string): Producer => ({
  async send(messages) {
    const spans = messages.map(({ topic, key }) =>
      tracing.root(name, { 'messaging.destination.name': topic, 'ebbtide.subject': String(key ?? '') }),
    );
    try {
      await producer.send(
        messages.map((message, index) => {
          const span = spans[index];
          return span ? { ...message, headers: span.headers } : message;
        }),
      );
      for (const span of spans) span?.end();
    } catch (error) {
      for (const span of spans) span?.fail(error);
      throw error;
    }
  },
  close: () => producer.close(),
});
