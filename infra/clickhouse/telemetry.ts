import { resourceMetrics } from '../../models/features/resource.ts';
import type { TelemetrySource, TimeRange } from '../../models/training/telemetry/source.ts';
import type { ClickHouseArchive } from './client.ts';
import { snakeCase } from './columns.ts';
import { streamRows } from './rows.ts';

const columns = resourceMetrics.map(snakeCase);
/** Subjects named in one query: their names travel in its address. */
const subjectsPerQuery = 200;

const extentsQuery = `SELECT credential_id, toUnixTimestamp64Milli(min(time)), toUnixTimestamp64Milli(max(time)), count()
FROM telemetry_resource
WHERE time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64})
GROUP BY credential_id
ORDER BY credential_id`;

const samplesQuery = `SELECT credential_id, toUnixTimestamp64Milli(time), ${columns.join(', ')}
FROM telemetry_resource
WHERE credential_id IN {subjects:Array(String)}
AND time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64})
ORDER BY credential_id, time, kafka_cluster, kafka_partition, kafka_offset, sample_index`;

/** Of the last version of each that a tombstone is not: credentials that ended taught what their function does as well. */
const functionsQuery = `SELECT credential_id, argMax(function, (kafka_time, kafka_offset)) AS name
FROM credentials_history
WHERE credential_id IN {subjects:Array(String)} AND NOT deleted
GROUP BY credential_id
HAVING name != ''`;

/**
 * Telemetry of the archive, streamed in batches of rows as ClickHouse sends them.
 *
 * @throws {EbbtideError} from its methods: `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`, `CANCELLED`
 */
export const archiveTelemetry = (archive: ClickHouseArchive): TelemetrySource => {
  const stream = (
    query: string,
    parameters: Record<string, unknown>,
    each: (row: readonly unknown[]) => unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> => streamRows(archive, 'telemetry', query, parameters, each, signal);
  return {
    lineage: { kind: 'archive', database: archive.database, extents: extentsQuery, samples: samplesQuery },
    extents: (range, visit, signal) =>
      stream(
        extentsQuery,
        { from: range.fromMs, to: range.toMs },
        ([subject, first, last, count]) => visit(subject as string, first as number, last as number, count as number),
        signal,
      ),
    async cohorts(subjects, signal) {
      const found = new Map<string, string>();
      for (let at = 0; at < subjects.length; at += subjectsPerQuery)
        await stream(
          functionsQuery,
          { subjects: subjects.slice(at, at + subjectsPerQuery) },
          ([subject, name]) => found.set(subject as string, name as string),
          signal,
        );
      return found;
    },
    async samples(wanted, visit, signal) {
      const values = new Float64Array(columns.length);
      for (const { range, subjects } of groups(wanted))
        await stream(
          samplesQuery,
          { subjects, from: range.fromMs, to: range.toMs },
          (row) => {
            for (let i = 0; i < values.length; i++) {
              const value = row[i + 2];
              values[i] = value === null ? Number.NaN : (value as number);
            }
            visit(row[0] as string, row[1] as number, values);
          },
          signal,
        );
    },
  };
};

/** Subjects with the same range, some at a time. */
function* groups(wanted: ReadonlyMap<string, TimeRange>) {
  const byRange = new Map<string, { range: TimeRange; subjects: string[] }>();
  for (const [subject, range] of wanted) {
    const key = `${range.fromMs}/${range.toMs}`;
    const group = byRange.get(key) ?? { range, subjects: [] };
    group.subjects.push(subject);
    byRange.set(key, group);
  }
  for (const { range, subjects } of byRange.values())
    for (let at = 0; at < subjects.length; at += subjectsPerQuery)
      yield { range, subjects: subjects.slice(at, at + subjectsPerQuery) };
}
