import { EbbtideError } from '../../schemas/errors.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { subjectOf, type TopicSpec, topics } from '../../schemas/topics.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import { createTopics } from '../kafka/topics.ts';
import type { Kafka, OutgoingMessage } from '../kafka/types.ts';
import type { Sink } from './sinks.ts';

const replayed: readonly TopicSpec[] = [topics.scores, topics.decisions, topics.alerts];

/**
 * Topics of the replay's own: `<name>.scores`, `<name>.decisions` and `<name>.alerts`, and the same below
 * `<name>.against`. Messages are those that the live job would have written, byte for byte.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` for a name under which something that runs would read
 */
export const topicSink = async (
  { kafka, cluster, registry }: { kafka: Kafka; cluster: ClusterOptions; registry: SchemaRegistry },
  name: string,
  lanes: 1 | 2,
): Promise<Sink> => {
  const prefixes = lanes === 1 ? [name] : [name, `${name}.against`];
  const live: readonly string[] = Object.values(topics).map((topic) => topic.name);
  const wanted = prefixes.flatMap((prefix) => replayed.map((topic) => `${prefix}.${topic.name}`));
  if (!/^[A-Za-z0-9][\w.-]{0,150}$/.test(name) || wanted.some((one) => live.includes(one)) || live.includes(name))
    throw new EbbtideError(
      'REQUEST_INVALID',
      `--out topic:${name.slice(0, 60)} is no name for topics of a replay: use letters, digits, ".", "_" and "-", and no name of a live topic`,
      { name },
    );
  const partitions = await kafka.partitionsOf(topics.telemetryResource.name);
  const created = prefixes.flatMap((prefix) => replayed.map((topic) => ({ topic, name: `${prefix}.${topic.name}` })));
  for (const { name: one, topic } of created) await registry.register(subjectOf(one), topic.schema);
  const kept = { partitions, cleanup: 'delete', retentionMs: 7 * 86_400_000 } as const;
  await createTopics(
    cluster,
    created.map(({ name: one }) => ({ name: one, ...kept })),
  );
  const producer = await kafka.producer({ lingerMs: 5 });
  let sending: Promise<void> = Promise.resolve();
  return {
    wants: 'bytes',
    description: `topics ${name}.*`,
    async write(outputs) {
      const messages: OutgoingMessage[] = [];
      for (const [index, lane] of outputs.entries())
        for (const { partition, records } of lane)
          for (const record of records)
            messages.push({ ...record, topic: `${prefixes[index]}.${record.topic}`, partition });
      // The next batch is made while this one travels, and no further
      await sending;
      sending = producer.send(messages);
      sending.catch(() => {});
    },
    async close(complete) {
      try {
        if (complete) await sending;
      } finally {
        await producer.close();
      }
    },
  };
};
