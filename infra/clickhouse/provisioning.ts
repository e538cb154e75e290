import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

/** What preparing credentials brought and cost: of one user, or of all where `user` is null. */
export interface ProvisioningReport {
  readonly user: string | null;
  /** Requests that were served. */
  readonly requests: number;
  /** Of these, served by what had been prepared. */
  readonly hits: number;
  /** hits / requests, 0 to 1; null without requests. */
  readonly hitRate: number | null;
  /** Secrets that were prepared. */
  readonly prepared: number;
  /** Of these, nobody asked for, and they lie no more. */
  readonly wasted: number;
  /** Minutes that prepared secrets lay, all together. */
  readonly secretMinutes: number;
  /** Of these, of secrets that nobody asked for. */
  readonly wastedSecretMinutes: number;
  /** Median time of a hand-over, milliseconds; null where there was none. */
  readonly handOverMs: number | null;
  /** Median time of making a credential on demand, milliseconds; null where there was none. */
  readonly generateMs: number | null;
  /**
   * Waiting saved, seconds: for each hit, the median time of making one of its method on demand less its own; null where
   * none was made on demand. It may be negative.
   */
  readonly waitingSavedS: number | null;
}

/** Which part of the past. */
export interface ProvisioningRange {
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

const range = '{from:Int64} <= toUnixTimestamp64Milli(AT) AND toUnixTimestamp64Milli(AT) < {to:Int64}';
const within = (column: string): string => range.replaceAll('AT', column);

const query = `
WITH
  requests AS (SELECT * FROM provision_requests WHERE ${within('at')}),
  on_demand AS (SELECT method, quantileExact(0.5)(waited_ms) AS usual_ms FROM requests WHERE served != 'preProvisioned' GROUP BY method),
  asked AS (
    SELECT
      user,
      count() AS requests,
      countIf(served = 'preProvisioned') AS hits,
      quantileExactIf(0.5)(waited_ms, served = 'preProvisioned') AS hand_over_ms,
      quantileExactIf(0.5)(waited_ms, served != 'preProvisioned') AS generate_ms,
      sumIf(usual_ms - waited_ms, served = 'preProvisioned' AND usual_known = 1) / 1000 AS waiting_saved_s,
      countIf(served = 'preProvisioned' AND usual_known = 1) AS compared
    FROM (
      SELECT requests.*, coalesce(on_demand.usual_ms, 0) AS usual_ms, on_demand.method != '' AS usual_known
      FROM requests LEFT JOIN on_demand ON requests.method = on_demand.method
    )
    GROUP BY GROUPING SETS ((user), ())
  ),
  lay AS (
    SELECT
      user,
      count() AS prepared,
      countIf(NOT used AND (isNotNull(ended_at) OR expires_at < now64(3))) AS wasted,
      sum(lay_ms) / 60000 AS secret_minutes,
      sumIf(lay_ms, NOT used) / 60000 AS wasted_secret_minutes
    FROM provision_secrets
    WHERE ${within('minted_at')}
    GROUP BY GROUPING SETS ((user), ())
  )
SELECT
  nullIf(if(asked.user = '', lay.user, asked.user), '') AS user,
  asked.requests AS requests,
  asked.hits AS hits,
  if(requests = 0, NULL, hits / requests) AS hitRate,
  lay.prepared AS prepared,
  lay.wasted AS wasted,
  lay.secret_minutes AS secretMinutes,
  lay.wasted_secret_minutes AS wastedSecretMinutes,
  if(hits = 0, NULL, asked.hand_over_ms) AS handOverMs,
  if(requests = hits, NULL, asked.generate_ms) AS generateMs,
  if(asked.compared = 0, NULL, asked.waiting_saved_s) AS waitingSavedS
FROM asked FULL OUTER JOIN lay ON asked.user = lay.user
ORDER BY isNull(user) DESC, user`;

/**
 * What preparing credentials brought and cost, overall first, then user by user.
 *
 * @returns one row of zeros where nothing was prepared or asked for
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 */
export const provisioningReport = async (
  archive: ClickHouseArchive,
  { fromMs, toMs }: ProvisioningRange,
): Promise<readonly ProvisioningReport[]> => {
  try {
    const answer = await archive.client.query({
      query,
      query_params: { from: Math.floor(fromMs), to: Math.ceil(toMs) },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return await answer.json<ProvisioningReport>();
  } catch (error) {
    throw clickhouseError('Cannot report on provisioning', error);
  }
};
