import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { LaneOutput } from '../../pipelines/replay/lane.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { topics } from '../../schemas/topics.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import { snakeCase } from '../clickhouse/columns.ts';
import { clickhouseError } from '../clickhouse/errors.ts';
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
