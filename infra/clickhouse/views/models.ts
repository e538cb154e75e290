import type { ClickHouseArchive } from '../client.ts';
import { readRecords } from '../records.ts';
import { rangeOf, stepOf, within } from './range.ts';
import type { ModelHealth } from './types.ts';

const queries = {
  versions: `SELECT pipeline, role, model_version, groupBitmapMerge(scores_by_time.windows) AS scored,
avgMerge(scores_by_time.score) AS mean_score, avgMerge(p_at_most_0_01) AS within_one, avgMerge(p_at_most_0_05) AS within_five,
toDateTime64(min(scores_by_time.time), 3, 'UTC') AS first_at, toDateTime64(max(scores_by_time.time), 3, 'UTC') AS last_at
FROM scores_by_time WHERE NOT learning AND ${within('time', 'toStartOfFiveMinutes')}
GROUP BY pipeline, role, model_version ORDER BY pipeline, last_at DESC LIMIT 100`,
  uniformity: `SELECT pipeline, ${stepOf('scores_by_time.time')} AS at, avgMerge(p_at_most_0_05) AS share
FROM scores_by_time WHERE NOT learning AND role = 'champion' AND ${within('time', 'toStartOfFiveMinutes')}
GROUP BY pipeline, at ORDER BY pipeline, at`,
  drifts: `SELECT at, subject, pipeline, kind, severity, summary FROM alerts
WHERE kind IN ('drift', 'strayed') AND ${within('at')} ORDER BY at DESC LIMIT 50`,
} as const;

/** @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED` */
export const modelHealth = async (archive: ClickHouseArchive, fromMs: number, toMs: number): Promise<ModelHealth> => {
  const range = rangeOf(fromMs, toMs);
  const read = <T>(query: string): Promise<T[]> => readRecords<T>(archive, 'the health of models', query, range);
  const [versions, uniformity, drifts] = await Promise.all([
    read<ModelHealth['versions'][number]>(queries.versions),
    read<ModelHealth['uniformity'][number]>(queries.uniformity),
    read<ModelHealth['drifts'][number]>(queries.drifts),
  ]);
  return { versions, uniformity, drifts };
};
