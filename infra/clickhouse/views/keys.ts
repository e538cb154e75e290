import type { ClickHouseArchive } from '../client.ts';
import { readRecords } from '../records.ts';
import { rangeOf, stepOf, within } from './range.ts';
import type { KeysView } from './types.ts';

/** Keys of the key host, of whatever kind: it names them so. */
const isKey = `(kind = 'key' OR startsWith(credential_id, 'key-'))`;
/** Keys with the lifespan that they were issued with. */
const issued = `(
  SELECT credential_id, min(credentials_history.issued_at) AS issued_at, argMin(credentials_history.ttl_ms, kafka_time) AS ttl_ms
  FROM credentials_history WHERE ${isKey} AND NOT deleted AND ${within('credentials_history.issued_at')} GROUP BY credential_id
)`;
const lifespan = `multiIf(ttl_ms <= 900000, 'up to 15 min', ttl_ms <= 3600000, 'up to 1 h', ttl_ms < 21600000, 'up to 6 h', '6 h and up')`;

const queries = {
  classes: `SELECT ${lifespan} AS class, count() AS keys, min(ttl_ms) AS shortest_ms, max(ttl_ms) AS longest_ms FROM ${issued} GROUP BY class ORDER BY shortest_ms`,
  granted: `SELECT ${stepOf('issued_at')} AS at, ${lifespan} AS class, count() AS keys FROM ${issued} GROUP BY at, class ORDER BY at, class`,
  comparisons: `SELECT if(empty(features), 'not named', features[1]) AS comparison, count() AS cuts, avg(interventions.risk) / 100 AS mean_risk, max(interventions.risk) / 100 AS highest_risk
FROM interventions WHERE pipeline = 'keylife' AND ${within('decided_at')} GROUP BY comparison ORDER BY cuts DESC LIMIT 20`,
  risk: `SELECT ${stepOf('scores_by_time.time')} AS at, avgMerge(scores_by_time.score) AS mean, max(scores_by_time.highest) AS highest_score
FROM scores_by_time WHERE pipeline = 'keylife' AND role = 'champion' AND ${within('time', 'toStartOfFiveMinutes')} GROUP BY at ORDER BY at`,
  deeds: `SELECT action, mode, count() AS decisions, uniqExact(subject) AS keys FROM interventions
WHERE pipeline = 'keylife' AND ${within('decided_at')} GROUP BY action, mode ORDER BY decisions DESC`,
  modalities: `SELECT splitByChar('.', one.feature)[1] AS modality, count() AS comparisons, uniqExact(subject) AS keys,
avg(one.observed) AS mean_log_odds, countIf(one.observed > 0) / count() AS against
FROM scores ARRAY JOIN contributions AS one
WHERE pipeline = 'keylife' AND role = 'champion' AND one.unit = 'log odds' AND ${within('window_end')} GROUP BY modality ORDER BY comparisons DESC, modality`,
  endedEarly: `SELECT uniqExact(credential_id) AS keys FROM credentials_history WHERE ${isKey} AND status = 'ended' AND expires_at > kafka_time AND ${within('kafka_time')}`,
  now: `SELECT count() AS keys, countIf(expires_at <= {to:DateTime64(3)} + INTERVAL 1 HOUR) AS ending FROM credentials
WHERE ${isKey} AND status = 'active' AND expires_at > {to:DateTime64(3)}`,
  decisions: `SELECT decided_at AS at, subject, action, mode, withheld, risk, old_ttl_ms, new_ttl_ms, reason
FROM interventions WHERE pipeline = 'keylife' AND ${within('decided_at')} ORDER BY decided_at DESC LIMIT 50`,
} as const;

/** @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED` */
export const keysView = async (archive: ClickHouseArchive, fromMs: number, toMs: number): Promise<KeysView> => {
  const range = rangeOf(fromMs, toMs);
  const read = <T>(query: string): Promise<T[]> => readRecords<T>(archive, 'key lifespans', query, range);
  const [classes, granted, comparisons, risk, modalities, deeds, endedEarly, now, decisions] = await Promise.all([
    read<KeysView['classes'][number]>(queries.classes),
    read<KeysView['granted'][number]>(queries.granted),
    read<KeysView['comparisons'][number]>(queries.comparisons),
    read<KeysView['risk'][number]>(queries.risk),
    read<KeysView['modalities'][number]>(queries.modalities),
    read<KeysView['deeds'][number]>(queries.deeds),
    read<{ keys: number }>(queries.endedEarly),
    read<Omit<KeysView['now'], 'endedEarly'>>(queries.now),
    read<KeysView['decisions'][number]>(queries.decisions),
  ]);
  return {
    classes,
    granted,
    comparisons,
    risk,
    modalities,
    deeds,
    now: { keys: 0, ending: 0, ...now[0], endedEarly: endedEarly[0]?.keys ?? 0 },
    decisions,
  };
};
