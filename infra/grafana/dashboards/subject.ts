import { interventions } from '../annotations.ts';
import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { chosen, inHours, movedInTime } from '../query.ts';
import { oneOf } from '../variables.ts';

const own = `subject = ${chosen('subject')}`;

/** Everything that is known of one credential, caller or user. */
export const subject: Board = {
  name: 'subject',
  title: 'Ebbtide: a subject’s life',
  about:
    'One credential, caller or pair of user and machine: its scores, what moved them, and what was decided and done.',
  range: '24h',
  variables: [
    oneOf(
      'subject',
      'Subject',
      `SELECT subject FROM scores_by_subject WHERE ${inHours()} GROUP BY subject ORDER BY max(score) DESC LIMIT 500`,
    ),
  ],
  annotations: [interventions(own)],
  panels: [
    number({
      title: 'Highest score',
      about: 'Within the range, 0 to 1.',
      unit: 'none',
      warn: 0.5,
      bad: 0.8,
      sql: `SELECT max(scores_by_subject.score) AS highest FROM scores_by_subject WHERE ${own} AND role = 'champion' AND ${inHours()}`,
    }),
    number({
      title: 'TTL decided last',
      about: 'By the last decision that was to be applied; 0 is revoked.',
      unit: 'ms',
      sql: `SELECT argMax(new_ttl_ms, decided_at) AS ttl FROM decisions
WHERE ${own} AND $__timeFilter(decided_at) AND mode = 'enforce' AND withheld = ''`,
    }),
    number({
      title: 'Decisions',
      about: 'Within the range.',
      unit: 'short',
      sql: `SELECT count() AS decisions FROM decisions WHERE ${own} AND $__timeFilter(decided_at)`,
    }),
    number({
      title: 'Strikes',
      about: 'Harsh windows that count towards revocation, by the last decision.',
      unit: 'short',
      warn: 1,
      sql: `SELECT argMax(strikes, decided_at) AS strikes FROM decisions WHERE ${own} AND $__timeFilter(decided_at)`,
    }),
    number({
      title: 'Alerts',
      about: 'Within the range.',
      unit: 'short',
      warn: 1,
      sql: `SELECT count() AS alerts FROM alerts WHERE ${own} AND $__timeFilter(at)`,
    }),
    number({
      title: 'Labels',
      about: 'Judgements of people, whenever they were made.',
      unit: 'short',
      sql: `SELECT count() AS labels FROM labels WHERE ${own}`,
    }),
    lines({
      title: 'Score, severity and frequency',
      about: 'Of each window: how improbable it is, how often it deviated lately, and both joined.',
      unit: 'none',
      max: 1,
      interval: '1s',
      sql: `SELECT time, line.1 AS series, line.2 AS value
FROM
(
  SELECT $__timeInterval(window_end) AS time, max(scores.score) AS score, max(scores.severity) AS severity, max(scores.frequency) AS frequency
  FROM scores
  WHERE ${own} AND role = 'champion' AND $__timeFilter(window_end)
  GROUP BY time
)
ARRAY JOIN [('score', score), ('severity', severity), ('frequency', frequency)] AS line
ORDER BY time`,
    }),
    lines({
      title: 'TTL',
      about: 'Time to live after each decision that was to be applied.',
      unit: 'ms',
      interval: '1s',
      sql: `SELECT $__timeInterval(decided_at) AS time, 'TTL' AS series, toFloat64(argMax(new_ttl_ms, decided_at)) AS value
FROM decisions
WHERE ${own} AND $__timeFilter(decided_at) AND mode = 'enforce' AND withheld = ''
GROUP BY time
ORDER BY time`,
    }),
    lines({
      title: 'What moved the score',
      about: 'Mean share of each feature in the statistic, of the eight largest.',
      unit: 'none',
      interval: '1s',
      sql: `SELECT time, series, value
FROM
(
  SELECT time, series, value, dense_rank() OVER (ORDER BY whole DESC, series) AS place
  FROM
  (
    SELECT time, feature AS series, weight / windows AS value, sum(moved) OVER (PARTITION BY feature) AS whole
    FROM ${movedInTime(`${own} AND role = 'champion'`)}
  )
)
WHERE place <= 8
ORDER BY time, series`,
    }),
    lines({
      title: 'Calls',
      about: 'API calls by service and whether they were let through, where the subject is a caller.',
      unit: 'short',
      stacked: true,
      interval: '1s',
      sql: `SELECT $__timeInterval(telemetry_api.time) AS time, concat(service, if(denied, ' refused', '')) AS series, toFloat64(count()) AS value
FROM telemetry_api
WHERE frontend_credential = ${chosen('subject')} AND $__timeFilter(telemetry_api.time)
GROUP BY time, series
ORDER BY time`,
    }),
    rows({
      title: 'Decisions and what came of them',
      about: 'The latest first, with what Vault answered.',
      units: { score: 'none', old_ttl_ms: 'ms', new_ttl_ms: 'ms', latency_ms: 'ms' },
      sql: `SELECT
  d.decided_at AS decided_at, d.action AS action, d.mode AS mode, d.withheld AS withheld, d.score AS score,
  d.old_ttl_ms AS old_ttl_ms, d.new_ttl_ms AS new_ttl_ms, d.new_scope AS new_scope, d.reason AS reason,
  e.outcome AS outcome, e.skipped AS skipped, e.detail AS detail, e.latency_ms AS latency_ms,
  d.policy_version AS policy_version, d.model_version AS model_version
FROM (SELECT * FROM decisions WHERE ${own} AND $__timeFilter(decided_at)) AS d
LEFT JOIN (SELECT * FROM effects WHERE ${own}) AS e ON e.decision_id = d.decision_id
ORDER BY d.decided_at DESC
LIMIT 200`,
    }),
    rows({
      title: 'Register',
      about: 'Every version of the credential’s entry, the latest first.',
      width: 12,
      units: { ttl_ms: 'ms', max_ttl_ms: 'ms' },
      sql: `SELECT kafka_time AS written_at, kind, status, function, instance, role, mount, ttl_ms, max_ttl_ms, issued_at, expires_at, shortening
FROM credentials_history
WHERE credential_id = ${chosen('subject')}
ORDER BY written_at DESC
LIMIT 50`,
    }),
    rows({
      title: 'Others of the same function',
      about: 'Credentials of the same function and role, by their worst score within the range.',
      width: 12,
      sql: `SELECT subject, max(scores_by_subject.score) AS score, max(window_end) AS last
FROM scores_by_subject
WHERE role = 'champion' AND ${inHours()} AND subject != ${chosen('subject')} AND subject IN
(
  SELECT credential_id FROM credentials_by_function
  WHERE (function, role) IN (SELECT DISTINCT function, role FROM credentials_raw WHERE credential_id = ${chosen('subject')} AND NOT deleted)
)
GROUP BY subject
ORDER BY score DESC
LIMIT 50`,
    }),
  ],
};
