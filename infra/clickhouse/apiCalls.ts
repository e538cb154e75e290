import type { Row } from '@clickhouse/client';
import { emptyCall } from '../../schemas/apiCall.ts';
import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import type { ClickHouseArchive } from './client.ts';
import { snakeCase } from './columns.ts';
import { clickhouseError } from './errors.ts';

const fields = (Object.keys(emptyCall) as (keyof ApiTelemetry)[]).filter((field) => field !== 'clock');

const columns = fields.map((field) => {
  const column = `\`${snakeCase(field)}\``;
  return field === 'time' ? `toUnixTimestamp64Milli(time) AS \`${field}\`` : `${column} AS \`${field}\``;
});

const range = `telemetry_api.time >= fromUnixTimestamp64Milli({from:Int64})
AND telemetry_api.time < fromUnixTimestamp64Milli({to:Int64})`;

const callsQuery = `SELECT ${columns.join(', ')} FROM telemetry_api WHERE ${range}
ORDER BY telemetry_api.time, kafka_cluster, kafka_partition, kafka_offset`;

const countQuery = `SELECT count() AS calls FROM telemetry_api WHERE ${range}`;

/** API calls of the archive. */
export interface ApiCallArchive {
  /** How many calls lie in a range of event time, epoch milliseconds. */
  count(fromMs: number, toMs: number): Promise<number>;
  /** Calls of a range in the order of their times, streamed as ClickHouse sends them. */
  calls(fromMs: number, toMs: number): AsyncGenerator<ApiTelemetry>;
}

/**
 * Read API telemetry of the archive.
 *
 * @throws {EbbtideError} from its methods: `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`
 */
export const archiveApiCalls = (archive: ClickHouseArchive): ApiCallArchive => {
  const ask = async (query: string, from: number, to: number) => {
    try {
      return await archive.client.query({
        query,
        query_params: { from, to },
        format: 'JSONEachRow',
        clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
      });
    } catch (error) {
      throw clickhouseError('Cannot read API calls from the archive', error);
    }
  };
  return {
    async count(from, to) {
      const [row] = await (await ask(countQuery, from, to)).json<{ calls: number }>();
      return row?.calls ?? 0;
    },
    async *calls(from, to) {
      const answer = await ask(callsQuery, from, to);
      try {
        for await (const rows of answer.stream<ApiTelemetry>())
          for (const row of rows as Row<ApiTelemetry, 'JSONEachRow'>[]) yield { ...row.json(), clock: null };
      } catch (error) {
        throw clickhouseError('Cannot read API calls from the archive', error);
      }
    },
  };
};
