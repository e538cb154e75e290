import type { Board } from '../board.ts';
import { lines, number, rows } from '../panels.ts';
import { inFiveMinutes } from '../query.ts';

/** Whether every pipeline keeps up, by what it wrote. */
export const records: Board = {
  name: 'records',
  title: 'Ebbtide: pipelines, by their records',
  about:
    'Whether every pipeline keeps up, by what it wrote into the archive; what could not be read; what was told to others.',
  range: '6h',
  panels: [
    number({
      title: 'Age of the newest record',
      about:
        'Since the broker took the newest score, decision or clock record that is archived. Grows where the archive or everything stands still.',
      unit: 's',
      warn: 60,
      bad: 300,
      sql: `SELECT dateDiff('second', max(newest), now64(3)) AS age
FROM
(
  SELECT max(kafka_time) AS newest FROM telemetry_clock_raw WHERE kafka_time > now() - INTERVAL 1 DAY
  UNION ALL SELECT max(kafka_time) FROM telemetry_api_clock_raw WHERE kafka_time > now() - INTERVAL 1 DAY
  UNION ALL SELECT toDateTime64(max(archived_at), 3, 'UTC') FROM scores_by_time WHERE time > now() - INTERVAL 1 DAY
)`,
    }),
    number({
      title: 'Window to score, p99',
      about: 'From the end of a window until the broker had its score.',
      unit: 'ms',
      warn: 5000,
      bad: 60000,
      sql: `SELECT quantilesTDigestMerge(0.5, 0.9, 0.99)(delay_ms)[3] AS p99 FROM scores_by_time WHERE role = 'champion' AND ${inFiveMinutes()}`,
    }),
    number({
      title: 'Dead letters',
      about: 'Records that a pipeline could not process, within the range.',
      unit: 'short',
      warn: 1,
      sql: `SELECT count() AS letters FROM dead_letters WHERE $__timeFilter(timestamp)`,
    }),
    number({
      title: 'Vault unavailable',
      about: 'Alerts that decisions wait because Vault does not answer.',
      unit: 'short',
      bad: 1,
      sql: `SELECT count() AS alerts FROM alerts WHERE kind = 'vaultUnavailable' AND $__timeFilter(at)`,
    }),
    number({
      title: 'Feeds that failed',
      about: 'Threat feeds that failed or shrank within the range.',
      unit: 'short',
      warn: 1,
      sql: `SELECT uniqExact(subject) AS feeds FROM alerts WHERE kind IN ('feedFailed', 'feedShrunk') AND $__timeFilter(at)`,
    }),
    number({
      title: 'Notifications given up',
      about: 'Alerts that could not be told to anybody.',
      unit: 'short',
      bad: 1,
      sql: `SELECT count() AS dead FROM notifications WHERE state = 'dead' AND $__timeFilter(at)`,
    }),
    lines({
      title: 'Scores',
      about: 'Windows scored, by pipeline and role.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(windows_by_time.time) AS time, concat(pipeline, if(role = 'champion', '', concat(' ', role))) AS series, toFloat64(sum(windows)) AS value
FROM windows_by_time
WHERE ${inFiveMinutes('windows_by_time.time')}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Window to score',
      about: '99th percentile of the time from the end of a window until the broker had its score, by pipeline.',
      unit: 'ms',
      sql: `SELECT $__timeInterval(scores_by_time.time) AS time, pipeline AS series, toFloat64(quantilesTDigestMerge(0.5, 0.9, 0.99)(delay_ms)[3]) AS value
FROM scores_by_time
WHERE role = 'champion' AND ${inFiveMinutes('scores_by_time.time')}
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Clock',
      about:
        'How far each partition’s clock records are behind the broker that took them: a process that stands still.',
      unit: 's',
      interval: '30s',
      sql: `SELECT $__timeInterval(kafka_time) AS time, toString(kafka_partition) AS series, max(dateDiff('millisecond', sent_at, kafka_time)) / 1000 AS value
FROM telemetry_clock_raw
WHERE isNotNull(telemetry_clock_raw.time) AND $__timeFilter(kafka_time)
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Dead letters',
      about: 'By topic and error.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(timestamp) AS time, concat(dead_letters.topic, ' ', error_code) AS series, toFloat64(count()) AS value
FROM dead_letters
WHERE $__timeFilter(timestamp)
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Notifications',
      about: 'What became of what people were to be told.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(at) AS time, concat(route, ' ', state) AS series, toFloat64(count()) AS value
FROM notifications
WHERE $__timeFilter(at)
GROUP BY time, series
ORDER BY time`,
    }),
    lines({
      title: 'Signals',
      about: 'Security event tokens exchanged with others, by direction and outcome.',
      unit: 'short',
      stacked: true,
      sql: `SELECT $__timeInterval(at) AS time, concat(direction, ' ', outcome) AS series, toFloat64(count()) AS value
FROM signals
WHERE $__timeFilter(at)
GROUP BY time, series
ORDER BY time`,
    }),
    rows({
      title: 'Latest dead letters',
      about: 'What could not be read, where, and why.',
      width: 12,
      sql: `SELECT timestamp, topic, partition, offset, pipeline, error_code, message
FROM dead_letters
WHERE $__timeFilter(timestamp)
ORDER BY timestamp DESC
LIMIT 50`,
    }),
    rows({
      title: 'Threat feeds',
      about: 'Indicators in force, by feed. Now, whatever the range.',
      width: 12,
      sql: `SELECT feed, version, at, count() AS indicators, avg(confidence) AS mean_confidence FROM threat_indicators GROUP BY feed, version, at ORDER BY feed LIMIT 100`,
    }),
  ],
};
