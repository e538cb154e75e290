import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { LaneOutput } from '../../pipelines/replay/lane.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { subjectOf, type TopicSpec, topics } from '../../schemas/topics.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import { snakeCase } from '../clickhouse/columns.ts';
import { clickhouseError } from '../clickhouse/errors.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import { createTopics } from '../kafka/topics.ts';
import type { Kafka, OutgoingMessage } from '../kafka/types.ts';

import type { Wanted } from './core.ts';

/** Names of the lanes in what is written. */
export const laneNames = ['here', 'against'] as const;

/** Where a replay writes what came of it. */
export interface Sink {
  /** What it looks at: the records, the bytes that the live job would write, or nothing. */
  readonly wants: Wanted;
  /** In words for people. */
  readonly description: string;
  /** @param outputs - of each lane, of the range alone */
  write(outputs: readonly (readonly LaneOutput[])[]): Promise<void>;
  /** @param complete - false where the replay did not come to its end */
  close(complete: boolean): Promise<void>;
}

/** Writes nothing: the report is all that is wanted. */
export const noSink: Sink = { wants: 'nothing', description: 'nowhere', write: async () => {}, close: async () => {} };

const replayed: readonly TopicSpec[] = [topics.scores, topics.decisions, topics.alerts];

/** One JSON object a line: lane, topic and the record. The file has its name only once it is complete. */
export const fileSink = async (path: string): Promise<Sink> => {
  const partial = `${path}.partial`;
  const stream = createWriteStream(partial);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new EbbtideError('REQUEST_INVALID', `Cannot write ${partial}: ${(cause as Error).message}`, { path }, cause);
  }
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    wants: 'records',
    description: path,
    async write(outputs) {
      const lines: string[] = [];
      for (const [index, lane] of outputs.entries())
        for (const { scores, decisions, alerts } of lane)
          for (const [topic, records] of [
            [topics.scores.name, scores],
            [topics.decisions.name, decisions],
            [topics.alerts.name, alerts],
          ] as const)
            for (const record of records) lines.push(`${JSON.stringify({ lane: laneNames[index], topic, record })}\n`);
      if (failure)
        throw new EbbtideError('DATA_MISSING', `Cannot write ${partial}: ${failure.message}`, { path }, failure);
      if (lines.length > 0 && !stream.write(lines.join(''))) await once(stream, 'drain');
    },
    async close(complete) {
      await new Promise<void>((resolve) => stream.end(resolve));
      await (complete ? rename(partial, path) : rm(partial, { force: true }));
    },
  };
};

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

/**
 * Tables `replay_decisions` and `replay_scores` of the archive.
 *
 * @param replay - name under which this replay's rows lie
 */
export const tableSink = (archive: ClickHouseArchive, replay: string): Sink => {
  const insert = async (table: string, values: readonly object[]) => {
    if (values.length === 0) return;
    try {
      await archive.client.insert({
        table,
        values,
        format: 'JSONEachRow',
        clickhouse_settings: {
          input_format_skip_unknown_fields: 1,
          date_time_input_format: 'best_effort',
          throw_on_max_partitions_per_insert_block: 0,
        },
      });
    } catch (error) {
      throw clickhouseError(`Cannot write to ${table}`, error);
    }
  };
  return {
    wants: 'records',
    description: `tables replay_decisions and replay_scores, replay = ${replay}`,
    async write(outputs) {
      for (const [index, lane] of outputs.entries()) {
        const row = (record: object) => ({ replay, lane: laneNames[index], ...snakeCased(record) });
        await insert(
          'replay_decisions',
          lane.flatMap(({ decisions }) => decisions.map(row)),
        );
        await insert(
          'replay_scores',
          lane.flatMap(({ scores }) => scores.map(row)),
        );
      }
    },
    close: async () => {},
  };
};

const instants = new Set(['windowStart', 'windowEnd', 'decidedAt']);

/** Columns of a record; instants as text, as DateTime64 wants them. */
const snakeCased = (record: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      snakeCase(name),
      instants.has(name) ? new Date(value as number).toISOString() : value,
    ]),
  );
