import type { TestContext } from 'node:test';
import { Registry } from 'prom-client';
import type { AppContext } from '../../infra/context.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { startMockCluster } from '../../infra/kafka/mock.ts';
import { createLogger } from '../../infra/log.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import { closingAfter } from './closing.ts';

process.env.EBBTIDE_LOG ??= 'silent';

/** What a part is given, with all topics there. */
export interface TestKafka extends AppContext {
  /** The context of another process at the same brokers: the same, with metrics of its own. */
  another(): AppContext;
  /** Close something after the test, before Kafka: hooks of a test run in the order of their registration. */
  closing(close: () => unknown): void;
  /** Follow a topic; the array grows as records come. */
  records<T>(topic: TopicSpec): Promise<T[]>;
  /** Write records. */
  write<T>(topic: TopicSpec, records: readonly T[]): Promise<void>;
}

/**
 * A context on Kafka, closed after the test.
 *
 * @param brokers - addresses; a mock cluster in this process when absent
 */
export const testContext = async (t: Pick<TestContext, 'after'>, brokers?: string): Promise<TestKafka> => {
  const closing = closingAfter(t);
  const cluster = brokers === undefined ? await startMockCluster() : undefined;
  closing.push(() => cluster?.close());
  const kafka = await connectKafka({ brokers: brokers ?? cluster!.brokers });
  closing.push(() => kafka.close());
  if (cluster) await Promise.all(Object.values(topics).map(({ name }) => kafka.partitionsOf(name)));
  else await kafka.ensureTopics(2);
  const registry = new MemoryRegistry();
  const context = { kafka, registry, log: createLogger('test') };
  const producer = await kafka.producer({ lingerMs: 0 });
  closing.push(() => producer.close());
  return {
    ...context,
    metrics: new Registry(),
    closing: (close) => void closing.push(close),
    another: () => ({ ...context, metrics: new Registry() }),
    async records<T>(topic: TopicSpec) {
      const codec = await TopicCodec.open<T>(topic, registry);
      const tail = await kafka.tail({ topics: [topic.name], from: 'beginning' });
      closing.push(() => tail.close());
      const seen: T[] = [];
      void (async () => {
        for await (const messages of tail.batches())
          for (const { value } of messages) if (value) seen.push(await codec.read(value));
      })();
      await tail.caughtUp;
      return seen;
    },
    async write<T>(topic: TopicSpec, records: readonly T[]) {
      const codec = await TopicCodec.open<T>(topic, registry);
      await producer.send(
        records.map((record) => ({
          topic: topic.name,
          key: String((record as Record<string, unknown>)[topic.key]),
          value: codec.encode(record),
        })),
      );
    },
  };
};

/** Wait until something holds and return it; the limit is only there so that a failure is told and not a hang. */
export const until = async <T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 120_000,
): Promise<T> => {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
