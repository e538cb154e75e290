import type { InputMessage } from '../../operators/batch.ts';
import type { TopicCodec } from '../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';
import { layoutOf, merged, rowsIn } from './rebuild.ts';
import { type ArchiveTable, archivedTopics } from './tables.ts';

const [samplesTable, clocksTable] = archivedTopics.find(({ topic }) => topic === topics.telemetryResource)!
  .tables as readonly [ArchiveTable, ArchiveTable];
const both = [samplesTable.name, clocksTable.name];

/** Settings of every query: nothing is written, and sorting a long day spills to disk. */
const settings = {
  readonly: '1',
  max_bytes_before_external_sort: '268435456',
  output_format_json_quote_64bit_integers: 0,
} as const;

/** Offsets of one partition that the archive holds. */
export interface LogSpan {
  readonly partition: number;
  /** First offset received at or after a time; undefined where there is none. */
  readonly offsets: readonly (number | undefined)[];
  /** First offset after all. */
  readonly end: number;
}

/**
 * What the archive holds of each partition of `telemetry.resource`.
 *
 * @param times - epoch milliseconds, for each of which the first offset is looked up
 */
export const logSpans = async (
  archive: ClickHouseArchive,
  cluster: string,
  times: readonly number[],
): Promise<LogSpan[]> => {
  const found = times.map(
    (_, index) => `minOrNullIf(o, t >= fromUnixTimestamp64Milli({t${index}:Int64})) AS o${index}`,
  );
  const sources = both.map(
    (table) =>
      `SELECT kafka_partition AS p, kafka_offset AS o, kafka_time AS t FROM ${table} WHERE kafka_cluster = {cluster:String}`,
  );
  const rows = await ask<Record<string, number | null> & { partition: number; last: number }>(
    archive,
    `SELECT p AS partition, max(o) AS last, ${found.join(', ')} FROM (${sources.join(' UNION ALL ')}) GROUP BY p ORDER BY p`,
    { cluster, ...Object.fromEntries(times.map((time, index) => [`t${index}`, clamp(time)])) },
  );
  return rows.map((row) => ({
    partition: row.partition,
    offsets: times.map((_, index) => row[`o${index}`] ?? undefined),
    end: row.last + 1,
  }));
};

/** A time that ClickHouse can hold. */
const clamp = (time: number): number => Math.min(Math.max(Math.floor(time), 0), Date.UTC(2100, 0, 1));

interface Slice {
  readonly from: number;
  readonly to: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

const offsetsPerBucket = 500;
const rowsPerSlice = 50_000;

/**
 * One partition's messages in order of their offsets, rebuilt from the rows that they became: the same samples and
 * clocks under the same offsets and times of receipt, in the schema of now. Each piece is fetched while the one before
 * it is used.
 *
 * @param from - first offset
 * @param to - first offset after
 */
export async function* logMessages(
  archive: ClickHouseArchive,
  cluster: string,
  codec: TopicCodec<ResourceTelemetry>,
  partition: number,
  from: number,
  to: number,
): AsyncGenerator<InputMessage[]> {
  const slices = await slicesOf(archive, cluster, partition, from, to);
  const fetch = (index: number): Promise<InputMessage[]> | undefined => {
    const slice = slices[index];
    if (!slice) return undefined;
    const fetching = messagesOf(archive, cluster, codec, partition, slice);
    fetching.catch(() => {});
    return fetching;
  };
  let next = fetch(0);
  for (let index = 1; next; index++) {
    const messages: InputMessage[] = await next;
    next = fetch(index);
    yield messages;
  }
}

const slicesOf = async (
  archive: ClickHouseArchive,
  cluster: string,
  partition: number,
  from: number,
  to: number,
): Promise<Slice[]> => {
  const sources = both.map(
    (table) =>
      `SELECT intDiv(kafka_offset, ${offsetsPerBucket}) AS b, kafka_time AS t FROM ${table} WHERE kafka_cluster = {cluster:String} AND kafka_partition = {partition:UInt32} AND kafka_offset >= {from:UInt64} AND kafka_offset < {to:UInt64}`,
  );
  const buckets = await ask<{ b: number; rows: number; first: number; last: number }>(
    archive,
    `SELECT b, count() AS rows, toUnixTimestamp64Milli(min(t)) AS first, toUnixTimestamp64Milli(max(t)) AS last FROM (${sources.join(' UNION ALL ')}) GROUP BY b ORDER BY b`,
    { cluster, partition, from, to },
  );
  const slices: Slice[] = [];
  let rows = 0;
  let open: { -readonly [K in keyof Slice]: Slice[K] } | undefined;
  for (const { b, rows: count, first, last } of buckets) {
    open ??= { from: Math.max(from, b * offsetsPerBucket), to, firstMs: first, lastMs: last };
    open.to = Math.min(to, (b + 1) * offsetsPerBucket);
    open.firstMs = Math.min(open.firstMs, first);
    open.lastMs = Math.max(open.lastMs, last);
    rows += count;
    if (rows < rowsPerSlice) continue;
    slices.push(open);
    open = undefined;
    rows = 0;
  }
  if (open) slices.push(open);
  return slices;
};

const sampleLayout = layoutOf(samplesTable);
const clockLayout = layoutOf(clocksTable);

const messagesOf = async (
  archive: ClickHouseArchive,
  cluster: string,
  codec: TopicCodec<ResourceTelemetry>,
  partition: number,
  slice: Slice,
): Promise<InputMessage[]> => {
  const fetch = async ({ table, columns, select }: ReturnType<typeof layoutOf>, order: string) =>
    rowsIn(
      await bytesOf(
        archive,
        `SELECT ${select} FROM ${table}
WHERE kafka_cluster = {cluster:String} AND kafka_partition = {partition:UInt32}
  AND kafka_offset >= {from:UInt64} AND kafka_offset < {to:UInt64}
  AND kafka_time >= fromUnixTimestamp64Milli({firstMs:Int64}) AND kafka_time <= fromUnixTimestamp64Milli({lastMs:Int64})
ORDER BY ${order}
FORMAT RowBinary`,
        { cluster, partition, ...slice },
      ),
      columns,
    );
  const [samples, clocks] = await Promise.all([
    fetch(sampleLayout, 'kafka_offset, sample_index'),
    fetch(clockLayout, 'kafka_offset'),
  ]);
  return merged(samples, clocks).map(({ offset, timestamp, record }) => ({
    offset,
    timestamp,
    key: record.credentialId === '' ? null : Buffer.from(record.credentialId),
    value: codec.encode(record),
  }));
};

const ask = async <T>(archive: ClickHouseArchive, query: string, params: Record<string, unknown>): Promise<T[]> => {
  try {
    const answer = await archive.client.query({
      query,
      query_params: params,
      format: 'JSONEachRow',
      clickhouse_settings: settings,
    });
    return await answer.json<T>();
  } catch (error) {
    throw clickhouseError('Cannot read telemetry from the archive', error);
  }
};

const bytesOf = async (archive: ClickHouseArchive, query: string, params: Record<string, unknown>): Promise<Buffer> => {
  try {
    const { stream } = await archive.client.exec({ query, query_params: params, clickhouse_settings: settings });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (error) {
    throw clickhouseError('Cannot read telemetry from the archive', error);
  }
};
