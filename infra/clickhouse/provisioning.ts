import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';
import type { ProvisioningReport } from './views/types.ts';

export type { ProvisioningReport } from './views/types.ts';

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
