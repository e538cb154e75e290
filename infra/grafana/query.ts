import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** The plugin through which Grafana asks ClickHouse. */
export const clickhouseType = 'grafana-clickhouse-datasource';

/** The data source that a dashboard's variable `datasource` names. */
export const chosenClickHouse: DataSourceRef = { type: clickhouseType, uid: '$datasource' };
export const chosenPrometheus: DataSourceRef = { type: 'prometheus', uid: '$datasource' };

/** What the plugin makes of rows: `series` joins rows of one label into lines over `time`, `table` keeps them. */
export type RowsAs = 'series' | 'table';

/** A query as the plugin keeps it. */
export interface ClickHouseTarget extends Dataquery {
  readonly refId: string;
  readonly datasource: DataSourceRef;
  readonly editorType: 'sql';
  readonly rawSql: string;
  readonly queryType: 'timeseries' | 'table';
  /** The plugin's number for what it makes of rows: 0 is series, 1 a table. */
  readonly format: 0 | 1;
  readonly pluginVersion: string;
}

/**
 * A query to ClickHouse.
 *
 * @param rawSql - may hold the plugin's macros and {@link chosen} variables
 * @param datasource - where it goes; what the dashboard's variable names when absent
 */
export const clickhouseTarget = (
  rawSql: string,
  rowsAs: RowsAs,
  datasource: DataSourceRef = chosenClickHouse,
  refId = 'A',
): ClickHouseTarget =>
  ({
    refId,
    datasource,
    editorType: 'sql',
    rawSql: rawSql.trim(),
    queryType: rowsAs === 'series' ? 'timeseries' : 'table',
    format: rowsAs === 'series' ? 0 : 1,
    pluginVersion: '4.0.0',
  }) as unknown as ClickHouseTarget;

/** {@link clickhouseTarget} for the builders of dashboards. */
export const clickhouseQuery = (rawSql: string, rowsAs: RowsAs): Builder<Dataquery> => ({
  build: () => clickhouseTarget(rawSql, rowsAs),
});

/**
 * The text that a variable holds, in SQL.
 *
 * Grafana's own quoting doubles quotes and leaves backslashes alone, which in ClickHouse escape: a value could end its
 * literal. Percent-encoded, a value has neither.
 */
export const chosen = (variable: string): string => `decodeURLComponent('\${${variable}:percentencode}')`;

/** That a column is what a variable says, where the variable does not say all. */
export const isChosen = (column: string, variable = column): string =>
  `(${chosen(variable)} = '*' OR ${column} = ${chosen(variable)})`;

/** That a rollup's column of 5 minutes lies in the range, the one in which the range begins included. */
export const inFiveMinutes = (column = 'time'): string =>
  `${column} >= toStartOfFiveMinutes($__fromTime) AND ${column} <= $__toTime`;

/** That a rollup's column of hours lies in the range, the one in which the range begins included. */
export const inHours = (column = 'time'): string =>
  `${column} >= toStartOfHour($__fromTime) AND ${column} <= $__toTime`;

const end = 'toDateTime(4294967295)';

/**
 * That a rollup's time lies in the range, where it is the rollup to read; else at the end of time, which its index knows to
 * be in no part. A condition that is false by itself would be looked at after everything is read.
 */
const inRangeIf = (which: string, begin: string, column = 'time'): string =>
  `${column} >= if(${which}, ${begin}($__fromTime), ${end}) AND ${column} <= if(${which}, $__toTime, ${end})`;

/**
 * Calls by service, scope, status and time, as `calls_in_time`: of the rollup by hours where points are at least an hour
 * apart, else of that by 5 minutes.
 *
 * @param where - what of either is counted
 * @param rollups - tables or views of the same columns
 */
export const callsInTime = (where: string, rollups = { minutes: 'calls_by_time', hours: 'calls_by_hour' }): string => `(
  SELECT * FROM ${rollups.minutes} WHERE ${inRangeIf('$__interval_s < 3600', 'toStartOfFiveMinutes')} AND ${where}
  UNION ALL
  SELECT * FROM ${rollups.hours} WHERE ${inRangeIf('$__interval_s >= 3600', 'toStartOfHour')} AND ${where}
) AS calls_in_time`;

/**
 * What moved the score of subjects, by the time of a point and feature, as `moved_in_time`: the sums of weights
 * (`weight`) and of their sizes (`moved`), and of how many windows. Of the rollup by hours where points are at least an
 * hour apart, else of each window.
 *
 * @param where - what of either is counted
 */
export const movedInTime = (where: string): string => `(
  SELECT $__timeInterval(window_end) AS time, one.feature AS feature, sum(one.weight) AS weight, sum(abs(one.weight)) AS moved, count() AS windows
  FROM scores ARRAY JOIN contributions AS one
  WHERE ${where} AND ${inRangeIf('$__interval_s < 3600', '', 'window_end')}
  GROUP BY time, feature
  UNION ALL
  SELECT $__timeInterval(contributions_by_subject.time) AS time, feature, sum(contributions_by_subject.weight), sum(contributions_by_subject.moved), sum(contributions_by_subject.windows)
  FROM contributions_by_subject
  WHERE ${where} AND ${inRangeIf('$__interval_s >= 3600', 'toStartOfHour', 'contributions_by_subject.time')}
  GROUP BY time, feature
) AS moved_in_time`;
