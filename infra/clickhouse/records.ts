import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

/** A column's name as a field's: `window_end` is `windowEnd`. */
export const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A row as a record: camelCase fields, instants as epoch milliseconds. */
export const recordOf = (
  columns: readonly { name: string; type: string }[],
  row: readonly unknown[],
): Record<string, unknown> =>
  Object.fromEntries(
    columns.map(({ name, type }, index) => {
      const value = row[index];
      return [camelCase(name), value !== null && type.includes('DateTime64') ? Date.parse(value as string) : value];
    }),
  );

/**
 * Answer a query as records: camelCase fields, instants as epoch milliseconds.
 *
 * @param what - for messages: what is read
 * @param maxSeconds - longest run, seconds
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 */
export const readRecords = async <T>(
  archive: ClickHouseArchive,
  what: string,
  query: string,
  parameters: Record<string, unknown>,
  maxSeconds = 30,
): Promise<T[]> => {
  try {
    const answer = await archive.client.query({
      query,
      query_params: parameters,
      format: 'JSONCompact',
      clickhouse_settings: {
        readonly: '1',
        max_execution_time: maxSeconds,
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
        output_format_json_named_tuples_as_objects: 1,
      },
    });
    const { meta, data } = await answer.json<readonly unknown[]>();
    return data.map((row) => recordOf(meta ?? [], row)) as T[];
  } catch (error) {
    throw clickhouseError(`Cannot read ${what}`, error);
  }
};
