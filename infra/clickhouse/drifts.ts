import type { TimeRange } from '../../models/training/telemetry/source.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

/** An alert that behaviour is no longer what a model was calibrated for. */
export interface Drift {
  /** Event time, epoch ms. */
  readonly at: number;
  /** What moved, in a sentence. */
  readonly summary: string;
}

const lastQuery = `SELECT toUnixTimestamp64Milli(at) AS at, summary FROM alerts
WHERE kind = 'drift' AND pipeline = {pipeline:String}
AND alerts.at >= fromUnixTimestamp64Milli({from:Int64}) AND alerts.at < fromUnixTimestamp64Milli({to:Int64})
ORDER BY alerts.at DESC LIMIT 1`;

/**
 * The last drift that a pipeline raised an alert of.
 *
 * @returns undefined where there was none in the range
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`
 */
export const lastDrift = async (
  archive: ClickHouseArchive,
  pipeline: string,
  { fromMs, toMs }: TimeRange,
): Promise<Drift | undefined> => {
  try {
    const answer = await archive.client.query({
      query: lastQuery,
      query_params: { pipeline, from: fromMs, to: toMs },
      format: 'JSONEachRow',
      clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
    });
    return (await answer.json<Drift>())[0];
  } catch (error) {
    throw clickhouseError('Cannot read alerts from the archive', error);
  }
};
