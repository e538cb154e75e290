import type { ClickHouseArchive } from '../client.ts';
import { provisioningReport } from '../provisioning.ts';
import { readRecords } from '../records.ts';
import { rangeOf, stepOf, within } from './range.ts';
import type { ProvisioningView } from './types.ts';

const queries = {
  states: `SELECT state, count() AS pairs FROM provisions GROUP BY state ORDER BY pairs DESC`,
  pairs: `SELECT user, vm, state, method, probability, risk, predicted_at, window_end, expires_at, at FROM provisions
ORDER BY state = 'preProvisioned' DESC, at DESC LIMIT 100`,
  requests: `SELECT ${stepOf('provision_requests.at')} AS step_at, count() AS requests, countIf(served = 'preProvisioned') AS hits
FROM provision_requests WHERE ${within('provision_requests.at')} GROUP BY step_at ORDER BY step_at`,
  exposure: `SELECT ${stepOf('minted_at')} AS at, sumIf(lay_ms, used) / 60000 AS used_minutes, sumIf(lay_ms, NOT used) / 60000 AS wasted_minutes
FROM provision_secrets WHERE ${within('minted_at')} GROUP BY at ORDER BY at`,
} as const;

/** @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED` */
export const provisioningView = async (
  archive: ClickHouseArchive,
  fromMs: number,
  toMs: number,
): Promise<ProvisioningView> => {
  const range = rangeOf(fromMs, toMs);
  const read = <T>(query: string): Promise<T[]> => readRecords<T>(archive, 'pre-provisioning', query, range);
  const [reports, states, pairs, requests, exposure] = await Promise.all([
    provisioningReport(archive, { fromMs, toMs }),
    read<ProvisioningView['states'][number]>(queries.states),
    read<ProvisioningView['pairs'][number]>(queries.pairs),
    read<ProvisioningView['requests'][number]>(queries.requests),
    read<ProvisioningView['exposure'][number]>(queries.exposure),
  ]);
  return { reports: reports.slice(0, 101), states, pairs, requests, exposure };
};
