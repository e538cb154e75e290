import { interventions } from '../annotations.ts';
import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { inFiveMinutes } from '../query.ts';

const revoked = `
FROM (SELECT * FROM interventions WHERE $__timeFilter(decided_at) AND action = 'revoke' AND mode = 'enforce' AND withheld = '') AS d
INNER JOIN (SELECT * FROM intervention_effects WHERE $__timeFrom(applied_at) AND action = 'revoke' AND outcome = 'enforced') AS e
  ON e.decision_id = d.decision_id`;
const took = "greatest(0, dateDiff('millisecond', d.window_end, e.applied_at))";

/** How long credentials live, and how long it takes until one that goes astray lives no more. */
export const credentials: Board = {
  name: 'credentials',
  title: 'Ebbtide: credentials and time to revoke',
  about:
    'How long credentials live by what is decided, and the time from behaviour that is enough to revoke until Vault has revoked.',
  range: '24h',
  annotations: [interventions("pipeline = 'lifecycle' AND action IN ('revoke', 'restore')")],
  panels: [
    number({
      title: 'Time to revoke, median',
      about: 'From the end of the window that led to it until Vault had revoked and was read back.',
      unit: 'ms',
      warn: 1000,
      bad: 5000,
      sql: `SELECT if(count() = 0, NULL, quantileExact(0.5)(${took})) AS median ${revoked}`,
    }),
    number({
      title: 'Time to revoke, p99',
      about: 'From the end of the window that led to it until Vault had revoked and was read back.',
      unit: 'ms',
      warn: 1000,
      bad: 5000,
      sql: `SELECT if(count() = 0, NULL, quantileExact(0.99)(${took})) AS p99 ${revoked}`,
    }),
    number({
      title: 'Revoked',
      about: 'Credentials that Vault has revoked by our decisions within the range.',
      unit: 'short',
      sql: `SELECT groupBitmapMerge(effects) AS revoked FROM effects_by_time
WHERE ${inFiveMinutes()} AND action = 'revoke' AND outcome = 'enforced'`,
    }),
    number({
      title: 'Could not be done',
      about: 'Effects that Vault cannot bring about, or whose holder can undo them.',
      unit: 'short',
      warn: 1,
      sql: `SELECT groupBitmapMerge(effects) AS undone FROM effects_by_time
WHERE ${inFiveMinutes()} AND outcome IN ('impossible', 'advisory')`,
    }),
    number({
      title: 'In force',
      about: 'Credentials in the register, active and not expired. Now, whatever the range.',
      unit: 'short',
      sql: "SELECT count() AS credentials FROM credentials WHERE status = 'active' AND expires_at > now64(3)",
    }),
    number({
      title: 'Cannot be shortened',
      about: 'Share of those in force whose life can only be ended, or not even that.',
      unit: 'percentunit',
      warn: 0.1,
      sql: "SELECT countIf(shortening != 'continuous') / count() AS share FROM credentials WHERE status = 'active' AND expires_at > now64(3)",
    }),
    lines({
      title: 'TTL in force after decisions',
      about: 'Tenth percentile, median and ninetieth of the TTLs that lifecycle decisions left, revocations aside.',
      unit: 'ms',
      sql: `SELECT time, line.1 AS series, line.2 AS value
FROM
(
  SELECT $__timeInterval(decisions_by_time.time) AS time, quantilesTDigestMerge(0.1, 0.5, 0.9)(ttl_quantiles_ms) AS q
  FROM decisions_by_time
  WHERE pipeline = 'lifecycle' AND ${inFiveMinutes('decisions_by_time.time')} AND action != 'revoke'
  GROUP BY time
)
ARRAY JOIN [('p10', toFloat64(q[1])), ('median', toFloat64(q[2])), ('p90', toFloat64(q[3]))] AS line
ORDER BY time`,
    }),
    lines({
      title: 'Time to revoke',
      about: 'From the end of the window that led to it until Vault had revoked: median and p99.',
      unit: 'ms',
      sql: `SELECT time, line.1 AS series, line.2 AS value
FROM
(
  SELECT $__timeInterval(d.decided_at) AS time, quantilesExact(0.5, 0.99)(${took}) AS q
  ${revoked}
  GROUP BY time
)
ARRAY JOIN [('median', toFloat64(q[1])), ('p99', toFloat64(q[2]))] AS line
ORDER BY time`,
    }),
    lines({
      title: 'What came of decisions',
      about: 'Effects by outcome, and why they were skipped.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(effects_by_time.time) AS time,
  concat(outcome, if(skipped = '', '', concat(': ', skipped))) AS series,
  toFloat64(groupBitmapMerge(effects)) AS value
FROM effects_by_time
WHERE ${inFiveMinutes('effects_by_time.time')}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Vault’s part',
      about: '95th percentile of the time from a decision’s arrival at the actuator to its effect, by action.',
      unit: 'ms',
      warn: 1000,
      sql: `SELECT $__timeInterval(effects_by_time.time) AS time, action AS series, toFloat64(quantilesTDigestMerge(0.5, 0.95, 0.99)(latency_ms)[2]) AS value
FROM effects_by_time
WHERE ${inFiveMinutes('effects_by_time.time')} AND outcome IN ('enforced', 'advisory')
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Issued',
      about: 'Credentials by what Vault issued.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(issued_at) AS time, kind AS series, toFloat64(uniqExact(credential_id)) AS value
FROM credentials_history
WHERE NOT deleted AND $__timeFilter(issued_at)
GROUP BY time, series
ORDER BY time`,
    }),
    rows({
      title: 'In force, by role',
      about: 'What is in the register now: how many, and their TTLs as issued.',
      width: 12,
      units: { median_ttl_ms: 'ms', longest_ttl_ms: 'ms' },
      sql: `SELECT mount, role, kind, shortening, count() AS credentials, quantileExact(0.5)(credentials.ttl_ms) AS median_ttl_ms, max(credentials.ttl_ms) AS longest_ttl_ms
FROM credentials
WHERE status = 'active' AND expires_at > now64(3)
GROUP BY mount, role, kind, shortening
ORDER BY credentials DESC
LIMIT 100`,
    }),
    rows({
      title: 'Slowest revocations',
      about: 'Within the range, by the time from the window’s end to Vault.',
      units: { took_ms: 'ms', deciding_ms: 'ms', applying_ms: 'ms' },
      sql: `SELECT d.decided_at AS decided_at, d.subject AS subject, ${took} AS took_ms,
  greatest(0, dateDiff('millisecond', d.window_end, d.decided_at)) AS deciding_ms, e.latency_ms AS applying_ms, e.attempts AS attempts, d.reason AS reason
${revoked}
ORDER BY took_ms DESC
LIMIT 50`,
    }),
  ],
};
