import { interventions } from '../annotations.ts';
import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { inFiveMinutes, inHours, isChosen } from '../query.ts';
import { pipeline } from '../variables.ts';

const counted = "role = 'champion' AND NOT learning";

/** All credentials at a glance: how they behave, what was decided, what asks for a person. */
export const fleet: Board = {
  name: 'fleet',
  title: 'Ebbtide: fleet',
  about: 'How all credentials behave, what was decided about them, and what asks for a person.',
  range: '24h',
  variables: [pipeline()],
  annotations: [interventions(`action = 'revoke' AND ${isChosen('pipeline')}`)],
  panels: [
    number({
      title: 'Credentials in force',
      about: 'In the register, active and not expired. Now, whatever the range.',
      unit: 'short',
      sql: "SELECT count() AS credentials FROM credentials WHERE status = 'active' AND expires_at > now64(3)",
    }),
    number({
      title: 'Windows scored',
      about: 'Scores that count, within the range.',
      unit: 'short',
      sql: `SELECT sum(windows_by_time.windows) AS windows FROM windows_by_time
WHERE role = 'champion' AND ${inFiveMinutes()} AND ${isChosen('pipeline')}`,
    }),
    number({
      title: 'Revocations',
      about: 'Decisions to revoke that were to be applied, within the range.',
      unit: 'short',
      warn: 1,
      sql: `SELECT groupBitmapMerge(decisions) AS revocations FROM decisions_by_time
WHERE ${inFiveMinutes()} AND action = 'revoke' AND mode = 'enforce' AND withheld = '' AND ${isChosen('pipeline')}`,
    }),
    number({
      title: 'Withheld',
      about:
        'Decisions that were not applied although the mode is enforce: exemptions, budgets, strikes, the kill switch.',
      unit: 'short',
      warn: 1,
      sql: `SELECT groupBitmapMerge(decisions) AS held FROM decisions_by_time
WHERE ${inFiveMinutes()} AND mode = 'enforce' AND withheld NOT IN ('', 'learning') AND ${isChosen('pipeline')}`,
    }),
    number({
      title: 'Decided in shadow',
      about: 'Share of decisions that were only recorded. 100 % means that nothing is enforced yet.',
      unit: 'percentunit',
      sql: `SELECT groupBitmapMergeIf(decisions, mode = 'shadow') / groupBitmapMerge(decisions) AS shadow FROM decisions_by_time
WHERE ${inFiveMinutes()} AND ${isChosen('pipeline')}`,
    }),
    number({
      title: 'Critical alerts',
      about: 'Alerts of severity critical within the range.',
      unit: 'short',
      bad: 1,
      sql: `SELECT count() AS alerts FROM alerts WHERE $__timeFilter(at) AND severity = 'critical' AND ${isChosen('pipeline')}`,
    }),
    lines({
      title: 'Scores',
      about:
        'Median, 90th and 99th percentile of the scores of all windows. A rise of the median is the fleet, of the 99th a few.',
      unit: 'none',
      max: 1,
      sql: `SELECT time, line.1 AS series, toFloat64(line.2) AS value
FROM
(
  SELECT $__timeInterval(scores_by_time.time) AS time, quantilesTDigestMerge(0.5, 0.9, 0.99)(score_quantiles) AS q
  FROM scores_by_time
  WHERE ${counted} AND ${inFiveMinutes('scores_by_time.time')} AND ${isChosen('pipeline')}
  GROUP BY time
)
ARRAY JOIN [('median', q[1]), ('p90', q[2]), ('p99', q[3])] AS line
ORDER BY time`,
    }),
    lines({
      title: 'Decisions',
      about: 'Decisions by what is to happen, shadow ones included.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(decisions_by_time.time) AS time, action AS series, toFloat64(groupBitmapMerge(decisions)) AS value
FROM decisions_by_time
WHERE ${inFiveMinutes('decisions_by_time.time')} AND ${isChosen('pipeline')}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Subjects at risk',
      about: 'Subjects by the worst score of their hour.',
      unit: 'short',
      stacked: true,
      interval: '1h',
      sql: `SELECT
  $__timeInterval(scores_by_subject.time) AS time,
  multiIf(score >= 0.8, '0.8 and up', score >= 0.5, '0.5 to 0.8', score >= 0.2, '0.2 to 0.5', 'below 0.2') AS series,
  toFloat64(uniqExact(subject)) AS value
FROM scores_by_subject
WHERE role = 'champion' AND ${inHours('scores_by_subject.time')} AND ${isChosen('pipeline')}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Alerts',
      about: 'Alerts by kind.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(at) AS time, kind AS series, toFloat64(count()) AS value
FROM alerts
WHERE $__timeFilter(at) AND ${isChosen('pipeline')}
GROUP BY time, series
ORDER BY time`,
    }),
    rows({
      title: 'Worst subjects',
      about: 'By their highest score within the range.',
      width: 12,
      sql: `SELECT subject, pipeline, max(scores_by_subject.score) AS score, max(scores_by_subject.risk) AS risk,
  max(scores_by_subject.severity) AS severity, max(scores_by_subject.frequency) AS frequency, max(window_end) AS last
FROM scores_by_subject
WHERE role = 'champion' AND ${inHours()} AND ${isChosen('pipeline')}
GROUP BY subject, pipeline
ORDER BY score DESC, last DESC
LIMIT 50`,
    }),
    rows({
      title: 'Latest interventions',
      about: 'Decisions that took something away or gave it back.',
      width: 12,
      units: { score: 'none', old_ttl_ms: 'ms', new_ttl_ms: 'ms' },
      sql: `SELECT decided_at, subject, action, mode, withheld, score, old_ttl_ms, new_ttl_ms, new_scope, reason
FROM interventions
WHERE $__timeFilter(decided_at) AND ${isChosen('pipeline')}
ORDER BY decided_at DESC
LIMIT 50`,
    }),
  ],
};
