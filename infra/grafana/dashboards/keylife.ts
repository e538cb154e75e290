import { interventions } from '../annotations.ts';
import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { inFiveMinutes } from '../query.ts';

/** Keys of the key host, of whatever kind: it names them so. */
const isKey = "(kind = 'key' OR startsWith(credential_id, 'key-'))";

const issued = `FROM
(
  SELECT credential_id, min(credentials_history.issued_at) AS issued_at, argMin(credentials_history.ttl_ms, kafka_time) AS ttl_ms
  FROM credentials_history
  WHERE ${isKey} AND NOT deleted AND $__timeFilter(credentials_history.issued_at)
  GROUP BY credential_id
)`;

/** How long keys live by the behaviour of who asked for them, and which were cut short. */
export const keylife: Board = {
  name: 'keylife',
  title: 'Ebbtide: key lifespans',
  about: 'How long keys live by how much their holder behaves like themselves, and which were cut short.',
  range: '24h',
  annotations: [interventions("pipeline = 'keylife'")],
  panels: [
    number({
      title: 'Keys issued',
      about: 'Within the range.',
      unit: 'short',
      sql: `SELECT count() AS keys ${issued}`,
    }),
    number({
      title: 'Median lifespan',
      about: 'Of keys as issued.',
      unit: 'ms',
      sql: `SELECT if(count() = 0, NULL, quantileExact(0.5)(ttl_ms)) AS median ${issued}`,
    }),
    number({
      title: 'At most an hour',
      about: 'Share of keys that were issued with an hour or less: their holders were doubtful.',
      unit: 'percentunit',
      warn: 0.1,
      sql: `SELECT if(count() = 0, NULL, countIf(ttl_ms <= 3600000) / count()) AS share ${issued}`,
    }),
    number({
      title: 'Cut short',
      about: 'Keys whose life was cut by behaviour during their session, shadow ones included.',
      unit: 'short',
      warn: 1,
      sql: "SELECT uniqExact(subject) AS cut FROM interventions WHERE pipeline = 'keylife' AND $__timeFilter(decided_at)",
    }),
    number({
      title: 'In force',
      about: 'Keys in the register, active and not expired. Now, whatever the range.',
      unit: 'short',
      sql: `SELECT count() AS keys FROM credentials WHERE ${isKey} AND status = 'active' AND expires_at > now64(3)`,
    }),
    number({
      title: 'Bursts compared',
      about: 'Bursts of behaviour that were compared with their user’s, within the range.',
      unit: 'short',
      sql: `SELECT sum(windows) AS bursts FROM windows_by_time WHERE pipeline = 'keylife' AND ${inFiveMinutes()}`,
    }),
    lines({
      title: 'Lifespans',
      about: 'Keys by the lifespan that they were issued with.',
      unit: 'short',
      stacked: true,
      interval: '1h',
      sql: `SELECT $__timeInterval(issued_at) AS time,
  multiIf(ttl_ms <= 900000, 'up to 15 min', ttl_ms <= 3600000, 'up to 1 h', ttl_ms < 21600000, 'up to 6 h', '6 h and up') AS series,
  toFloat64(count()) AS value
${issued}
GROUP BY time, series ORDER BY time`,
    }),
    lines({
      title: 'Risk during sessions',
      about: 'Median, 90th and 99th percentile of the risk of bursts, 0 to 1.',
      unit: 'none',
      max: 1,
      sql: `SELECT time, line.1 AS series, toFloat64(line.2) AS value
FROM
(
  SELECT $__timeInterval(scores_by_time.time) AS time, quantilesTDigestMerge(0.5, 0.9, 0.99)(score_quantiles) AS q
  FROM scores_by_time
  WHERE pipeline = 'keylife' AND role = 'champion' AND ${inFiveMinutes('scores_by_time.time')}
  GROUP BY time
)
ARRAY JOIN [('median', q[1]), ('p90', q[2]), ('p99', q[3])] AS line
ORDER BY time`,
    }),
    lines({
      title: 'Cut short',
      about: 'Decisions that cut the life of a key.',
      unit: 'short',
      stacked: true,
      interval: '1h',
      sql: `SELECT $__timeInterval(decided_at) AS time, concat(action, if(mode = 'shadow', ' (shadow)', '')) AS series, toFloat64(count()) AS value
FROM interventions
WHERE pipeline = 'keylife' AND $__timeFilter(decided_at)
GROUP BY time, series ORDER BY time`,
    }),
    rows({
      title: 'Latest cuts',
      about: 'With what they left and why.',
      width: 12,
      units: { risk: 'none', old_ttl_ms: 'ms', new_ttl_ms: 'ms' },
      sql: `SELECT decided_at, subject, action, mode, withheld, risk, old_ttl_ms, new_ttl_ms, reason
FROM interventions
WHERE pipeline = 'keylife' AND $__timeFilter(decided_at)
ORDER BY decided_at DESC
LIMIT 50`,
    }),
  ],
};
