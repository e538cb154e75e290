import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { inFiveMinutes, isChosen } from '../query.ts';
import { pipeline } from '../variables.ts';

const within = `${inFiveMinutes('scores_by_time.time')} AND ${isChosen('pipeline')}`;
const counted = `${inFiveMinutes('windows_by_time.time')} AND ${isChosen('pipeline')}`;

/** Whether models keep what they promise, and how a challenger compares. */
export const models: Board = {
  name: 'models',
  title: 'Ebbtide: models',
  about:
    'Whether models keep what they promise: the rate of p-values, drift, what people judged, and the challenger beside the champion.',
  range: '7d',
  variables: [pipeline()],
  panels: [
    number({
      title: 'Models that decide',
      about:
        'Versions whose scores counted within the range. More than one is a promotion, or an instance that did not follow.',
      unit: 'short',
      sql: `SELECT uniqExact(model_version) AS models FROM scores_by_time WHERE role = 'champion' AND ${within}`,
    }),
    number({
      title: 'p ≤ 1 %',
      about: 'Share of windows that the model calls this improbable. Where behaviour is as learned it is 1 %.',
      unit: 'percentunit',
      warn: 0.02,
      bad: 0.05,
      sql: `SELECT avgMerge(p_at_most_0_01) AS share FROM scores_by_time WHERE role = 'champion' AND NOT learning AND ${within}`,
    }),
    number({
      title: 'Drift alerts',
      about: 'Times that p-values stopped being uniform: what is normal has changed.',
      unit: 'short',
      warn: 1,
      sql: `SELECT count() AS drifts FROM alerts WHERE kind = 'drift' AND $__timeFilter(at)`,
    }),
    number({
      title: 'Learning',
      about: 'Share of windows of subjects whose baseline is still being learned: their scores mean nothing yet.',
      unit: 'percentunit',
      sql: `SELECT sumIf(windows, learning) / sum(windows) AS share FROM windows_by_time WHERE role = 'champion' AND ${counted}`,
    }),
    number({
      title: 'Judged wrong',
      about: 'Share of labels within the range that are false positives.',
      unit: 'percentunit',
      warn: 0.2,
      sql: `SELECT if(count() = 0, NULL, countIf(verdict = 'falsePositive') / count()) AS share FROM labels WHERE $__timeFilter(at)`,
    }),
    number({
      title: 'Labels',
      about: 'Judgements of people within the range: what retraining learns from.',
      unit: 'short',
      sql: `SELECT count() AS labels FROM labels WHERE $__timeFilter(at)`,
    }),
    lines({
      title: 'What p-values promise',
      about:
        'Share of windows at or below each p-value, of the champion. Uniform p-values give flat lines at 0.1, 1 and 5 %.',
      unit: 'percentunit',
      sql: `SELECT time, line.1 AS series, line.2 AS value
FROM
(
  SELECT $__timeInterval(scores_by_time.time) AS time, avgMerge(p_at_most_0_001) AS a, avgMerge(p_at_most_0_01) AS b, avgMerge(p_at_most_0_05) AS c
  FROM scores_by_time
  WHERE role = 'champion' AND NOT learning AND ${within}
  GROUP BY time
)
ARRAY JOIN [('p at most 0.1 %', a), ('p at most 1 %', b), ('p at most 5 %', c)] AS line
ORDER BY time`,
    }),
    lines({
      title: 'Champion and challenger',
      about: 'Mean score by version and role.',
      unit: 'none',
      max: 1,
      sql: `SELECT $__timeInterval(scores_by_time.time) AS time, concat(role, ' ', model_version) AS series, avgMerge(scores_by_time.score) AS value
FROM scores_by_time
WHERE NOT learning AND ${within}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Windows by version',
      about: 'Who scored how much.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(windows_by_time.time) AS time, concat(role, ' ', model_version) AS series, toFloat64(sum(windows)) AS value
FROM windows_by_time
WHERE ${counted}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Severity and frequency',
      about: 'Means over all windows of the champion.',
      unit: 'none',
      sql: `SELECT time, line.1 AS series, line.2 AS value
FROM
(
  SELECT $__timeInterval(scores_by_time.time) AS time, avgMerge(scores_by_time.severity) AS severity, avgMerge(scores_by_time.frequency) AS frequency
  FROM scores_by_time
  WHERE role = 'champion' AND NOT learning AND ${within}
  GROUP BY time
)
ARRAY JOIN [('severity', severity), ('frequency', frequency)] AS line
ORDER BY time`,
    }),
    lines({
      title: 'Labels',
      about: 'Judgements of people by verdict.',
      unit: 'short',
      stacked: true,
      interval: '1h',
      sql: `SELECT $__timeInterval(at) AS time, verdict AS series, toFloat64(count()) AS value
FROM labels
WHERE $__timeFilter(at)
GROUP BY time, series
ORDER BY time`,
    }),
    rows({
      title: 'Versions',
      about: 'What each model scored within the range.',
      width: 12,
      units: { p_at_most_1_percent: 'percentunit' },
      sql: `SELECT pipeline, role, model_version, windows, mean_score, p_at_most_1_percent, highest_score, since, until
FROM
(
  SELECT pipeline, role, model_version, avgMerge(scores_by_time.score) AS mean_score, avgMerge(p_at_most_0_01) AS p_at_most_1_percent,
    max(highest) AS highest_score, min(time) AS since, max(time) AS until
  FROM scores_by_time
  WHERE NOT learning AND ${within}
  GROUP BY pipeline, role, model_version
) AS means
INNER JOIN
(
  SELECT pipeline, role, model_version, sum(windows_by_time.windows) AS windows
  FROM windows_by_time
  WHERE NOT learning AND ${counted}
  GROUP BY pipeline, role, model_version
) AS counts USING (pipeline, role, model_version)
ORDER BY windows DESC
LIMIT 50`,
    }),
    rows({
      title: 'Drift',
      about: 'The latest alerts that what is normal has changed.',
      sql: `SELECT at, subject, pipeline, severity, summary FROM alerts WHERE kind IN ('drift', 'strayed') AND $__timeFilter(at) ORDER BY at DESC LIMIT 50`,
    }),
  ],
};
