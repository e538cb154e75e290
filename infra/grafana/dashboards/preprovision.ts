import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { isChosen } from '../query.ts';
import { oneOrAll } from '../variables.ts';

const asked = `FROM provision_requests WHERE $__timeFilter(at) AND ${isChosen('user')}`;
const lay = `FROM provision_secrets WHERE $__timeFilter(minted_at) AND ${isChosen('user')}`;

/** What preparing credentials brings, and what it costs. */
export const preprovision: Board = {
  name: 'preprovision',
  title: 'Ebbtide: pre-provisioning',
  about:
    'How often a credential lay ready when it was asked for, how much waiting that saved, and how long secrets lay for it.',
  range: '7d',
  variables: [
    oneOrAll(
      'user',
      'User',
      'SELECT DISTINCT user FROM provision_requests WHERE $__timeFilter(at) ORDER BY user LIMIT 1000',
    ),
  ],
  panels: [
    number({
      title: 'Hit rate',
      about: 'Requests that were served by what lay ready.',
      unit: 'percentunit',
      sql: `SELECT if(count() = 0, NULL, countIf(served = 'preProvisioned') / count()) AS hit_rate ${asked}`,
    }),
    number({
      title: 'Requests',
      about: 'Credentials handed over within the range.',
      unit: 'short',
      sql: `SELECT count() AS requests ${asked}`,
    }),
    number({
      title: 'Waiting saved',
      about: 'For each hit, the median time of making one of its method on demand less its own.',
      unit: 'ms',
      sql: `WITH usual AS (SELECT method, quantileExact(0.5)(waited_ms) AS ms FROM provision_requests WHERE $__timeFilter(at) AND served != 'preProvisioned' GROUP BY method)
SELECT sum(usual.ms - r.waited_ms) AS saved
FROM (SELECT * ${asked} AND served = 'preProvisioned') AS r INNER JOIN usual ON usual.method = r.method`,
    }),
    number({
      title: 'Exposure',
      about: 'Time that prepared secrets lay, all together.',
      unit: 'ms',
      sql: `SELECT sum(lay_ms) AS exposure ${lay}`,
    }),
    number({
      title: 'Wasted exposure',
      about: 'Of these, of secrets that nobody asked for.',
      unit: 'ms',
      sql: `SELECT sumIf(lay_ms, NOT used) AS wasted ${lay}`,
    }),
    number({
      title: 'Lie ready now',
      about: 'Prepared secrets that have not been handed over, expired or been destroyed. Now, whatever the range.',
      unit: 'short',
      sql: `SELECT count() AS ready FROM provisions WHERE state = 'preProvisioned' AND (isNull(expires_at) OR expires_at > now64(3)) AND ${isChosen('user')}`,
    }),
    lines({
      title: 'Hit rate',
      about: 'Share of requests that were served by what lay ready.',
      unit: 'percentunit',
      max: 1,
      interval: '1h',
      sql: `SELECT $__timeInterval(at) AS time, 'hit rate' AS series, countIf(served = 'preProvisioned') / count() AS value ${asked}
GROUP BY time ORDER BY time`,
    }),
    lines({
      title: 'How requests were served',
      about: 'From what lay ready, made anew because that had ended, or made on demand.',
      unit: 'short',
      stacked: true,
      interval: '1h',
      sql: `SELECT $__timeInterval(at) AS time, served AS series, toFloat64(count()) AS value ${asked}
GROUP BY time, series ORDER BY time`,
    }),
    lines({
      title: 'Waiting',
      about: 'Median time of a hand-over, by how it was served.',
      unit: 'ms',
      interval: '1h',
      sql: `SELECT $__timeInterval(at) AS time, served AS series, toFloat64(quantileExact(0.5)(assumeNotNull(waited_ms))) AS value ${asked} AND isNotNull(waited_ms)
GROUP BY time, series ORDER BY time`,
    }),
    lines({
      title: 'Exposure',
      about: 'Time that secrets lay, by whether anybody asked for them; counted at the time when they were made.',
      unit: 'ms',
      stacked: true,
      interval: '1h',
      sql: `SELECT $__timeInterval(minted_at) AS time, if(used, 'used', 'wasted') AS series, toFloat64(sum(lay_ms)) AS value ${lay}
GROUP BY time, series ORDER BY time`,
    }),
    rows({
      title: 'By user',
      about: 'What preparing brought and cost each user.',
      units: { hit_rate: 'percentunit', median_wait_ms: 'ms', saved_ms: 'ms', exposure_ms: 'ms', wasted_ms: 'ms' },
      sql: `WITH
  usual AS (SELECT method, quantileExact(0.5)(waited_ms) AS ms FROM provision_requests WHERE $__timeFilter(at) AND served != 'preProvisioned' GROUP BY method),
  asked AS
  (
    SELECT user, count() AS requests, countIf(served = 'preProvisioned') / count() AS hit_rate,
      quantileExact(0.5)(r.waited_ms) AS median_wait_ms, sumIf(usual.ms - r.waited_ms, served = 'preProvisioned' AND usual.method != '') AS saved_ms
    FROM (SELECT * ${asked}) AS r LEFT JOIN usual ON usual.method = r.method
    GROUP BY user
  ),
  lay AS (SELECT user, count() AS prepared, sum(lay_ms) AS exposure_ms, sumIf(lay_ms, NOT used) AS wasted_ms ${lay} GROUP BY user)
SELECT if(asked.user = '', lay.user, asked.user) AS user, asked.requests AS requests, asked.hit_rate AS hit_rate,
  asked.median_wait_ms AS median_wait_ms, asked.saved_ms AS saved_ms, lay.prepared AS prepared, lay.exposure_ms AS exposure_ms, lay.wasted_ms AS wasted_ms
FROM asked FULL OUTER JOIN lay ON asked.user = lay.user
ORDER BY requests DESC
LIMIT 100`,
    }),
    rows({
      title: 'Failures',
      about: 'Pairs for which nothing could be prepared. The latest first.',
      sql: `SELECT at, pair AS subject, method, attempts, last_error
FROM provisions_history
WHERE NOT deleted AND last_error != '' AND $__timeFilter(at) AND ${isChosen('user')}
ORDER BY at DESC
LIMIT 50`,
    }),
  ],
};
