import { interventions } from '../annotations.ts';
import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { callsInTime, inFiveMinutes, inHours, isChosen } from '../query.ts';
import { oneOrAll } from '../variables.ts';

/** What callers may do, what was refused to them, and why. */
export const scope: Board = {
  name: 'scope',
  title: 'Ebbtide: scope and refused requests',
  about: 'What callers of the gateway do, whose scope is narrowed, and what is refused.',
  range: '24h',
  variables: [
    oneOrAll('service', 'Service', `SELECT DISTINCT service FROM api_calls_by_time WHERE ${inFiveMinutes()}`),
  ],
  annotations: [interventions("pipeline = 'scope' AND action = 'narrow'")],
  panels: [
    number({
      title: 'Calls',
      about: 'Within the range.',
      unit: 'short',
      sql: `SELECT sum(calls) AS calls FROM ${callsInTime(isChosen('service'))}`,
    }),
    number({
      title: 'Refused',
      about: 'Calls that the gateway did not let through.',
      unit: 'short',
      warn: 1,
      sql: `SELECT sum(calls) AS refused FROM ${callsInTime(`denied AND ${isChosen('service')}`)}`,
    }),
    number({
      title: 'Share refused',
      about: 'Refused calls among all.',
      unit: 'percentunit',
      warn: 0.01,
      bad: 0.05,
      sql: `SELECT sumIf(calls, denied) / sum(calls) AS share FROM ${callsInTime(isChosen('service'))}`,
    }),
    number({
      title: 'Narrowed now',
      about: 'Callers whose scope is narrowed and enforced. Now, whatever the range.',
      unit: 'short',
      sql: "SELECT count() AS narrowed FROM scope_overrides WHERE mode = 'enforce' AND (isNull(expires_at) OR expires_at > now64(3))",
    }),
    number({
      title: 'Would be narrowed',
      about: 'Callers whose scope would be narrowed if scope were enforced. Now, whatever the range.',
      unit: 'short',
      sql: "SELECT count() AS shadow FROM scope_overrides WHERE mode = 'shadow' AND (isNull(expires_at) OR expires_at > now64(3))",
    }),
    number({
      title: 'Known threats',
      about: 'Calls that matched an indicator of a threat feed.',
      unit: 'short',
      bad: 1,
      sql: `SELECT sum(calls) AS threats FROM ${callsInTime(`threat AND ${isChosen('service')}`)}`,
    }),
    lines({
      title: 'Calls a second',
      about: 'By service.',
      unit: 'reqps',
      stacked: true,
      sql: `SELECT $__timeInterval(calls_in_time.time) AS time, service AS series, sum(calls) / greatest($__interval_s, 300) AS value
FROM ${callsInTime(isChosen('service'))}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Refused calls',
      about: 'By service and the scope under which the call was decided.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(calls_in_time.time) AS time, concat(service, ' in ', if(scope = '', 'no scope', scope)) AS series, toFloat64(sum(calls)) AS value
FROM ${callsInTime(`denied AND ${isChosen('service')}`)}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Narrowed and widened',
      about: 'Decisions on scope, shadow ones included.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(decided_at) AS time, concat(action, if(mode = 'shadow', ' (shadow)', '')) AS series, toFloat64(count()) AS value
FROM interventions
WHERE pipeline = 'scope' AND $__timeFilter(decided_at)
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Answers by status',
      about: 'Classes of HTTP status that callers got.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(calls_in_time.time) AS time, concat(toString(intDiv(status, 100)), 'xx') AS series, toFloat64(sum(calls)) AS value
FROM ${callsInTime(isChosen('service'))}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Duration of calls',
      about: 'Median and 99th percentile of the time that services took.',
      unit: 'ms',
      sql: `SELECT time, line.1 AS series, line.2 AS value
FROM
(
  SELECT $__timeInterval(calls_in_time.time) AS time, quantilesTDigestMerge(0.5, 0.95, 0.99)(duration_ms) AS q
  FROM ${callsInTime(`NOT denied AND ${isChosen('service')}`, { minutes: 'api_calls_by_time', hours: 'api_calls_by_hour' })}
  GROUP BY time
)
ARRAY JOIN [('median', toFloat64(q[1])), ('p99', toFloat64(q[3]))] AS line
ORDER BY time`,
    }),
    lines({
      title: 'Risk of callers',
      about: 'Callers by the highest risk of their hour.',
      unit: 'short',
      stacked: true,
      interval: '1h',
      sql: `SELECT $__timeInterval(scores_by_subject.time) AS time,
  multiIf(risk >= 80, '80 and up', risk >= 50, '50 to 80', risk >= 20, '20 to 50', 'below 20') AS series,
  toFloat64(uniqExact(subject)) AS value
FROM scores_by_subject
WHERE pipeline = 'scope' AND role = 'champion' AND ${inHours('scores_by_subject.time')}
GROUP BY time, series
ORDER BY time`,
    }),
    rows({
      title: 'Most refused callers',
      about: 'Within the range.',
      width: 12,
      sql: `SELECT frontend_credential AS subject, groupBitmapMerge(calls) AS refused, arrayStringConcat(groupUniqArray(10)(service), ', ') AS services, arrayStringConcat(groupUniqArray(10)(scope), ', ') AS scopes, max(time) AS last_hour
FROM refused_calls_by_caller
WHERE ${inHours()} AND ${isChosen('service')}
GROUP BY subject
ORDER BY refused DESC
LIMIT 50`,
    }),
    rows({
      title: 'Scopes in force',
      about: 'Callers whose scope differs from what they were given, the riskiest first. Now, whatever the range.',
      width: 12,
      units: { risk: 'none' },
      sql: `SELECT frontend_credential AS subject, scope_overrides.scope AS scope, service, mode, risk, expires_at, reasons[1] AS first_reason, at
FROM scope_overrides
WHERE isNull(expires_at) OR expires_at > now64(3)
ORDER BY risk DESC
LIMIT 100`,
    }),
  ],
};
