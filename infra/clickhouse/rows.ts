import type { Row } from '@clickhouse/client';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

/**
 * Give the rows of a query as ClickHouse sends them, batch by batch.
 *
 * @param what for messages: what is read
 * @param maxSeconds longest run, seconds
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`, `CANCELLED`
 */
export const streamRows = async (
  archive: ClickHouseArchive,
  what: string,
  query: string,
  parameters: Record<string, unknown>,
  each: (row: readonly unknown[]) => void,
  signal?: AbortSignal,
  maxSeconds?: number,
): Promise<void> => {
  try {
    const answer = await archive.client.query({
      query,
      query_params: parameters,
      format: 'JSONCompactEachRow',
      clickhouse_settings: {
        readonly: '1',
        output_format_json_quote_64bit_integers: 0,
        output_format_json_quote_denormals: 0,
        optimize_read_in_order: 1,
        cancel_http_readonly_queries_on_client_close: 1,
        ...(maxSeconds === undefined ? {} : { max_execution_time: maxSeconds }),
      },
      ...(signal ? { abort_signal: signal } : {}),
    });
    for await (const rows of answer.stream<readonly unknown[]>())
      for (const row of rows as Row<readonly unknown[], 'JSONCompactEachRow'>[]) each(row.json());
  } catch (error) {
    throw clickhouseError(`Cannot read ${what} from the archive`, error, signal);
  }
};
