import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { type Threshold, ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as SeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { consolePath, subjectDashboard } from './links.ts';
import { chosenClickHouse, clickhouseQuery } from './query.ts';

/** What every panel has. */
interface PanelText {
  readonly title: string;
  /** What one sees, and what to make of it. */
  readonly about: string;
  /** Query to the archive. */
  readonly sql: string;
  /** Columns of the grid's 24. */
  readonly width?: number;
}

interface NumberText extends PanelText {
  /** Grafana's unit, e.g. `s`, `ms`, `percentunit`, `short`. */
  readonly unit: string;
  /** From where on numbers are yellow, and red. */
  readonly warn?: number;
  readonly bad?: number;
}

const thresholds = (warn: number | undefined, bad: number | undefined): ThresholdsConfigBuilder => {
  const steps: Threshold[] = [{ value: null, color: warn === undefined && bad === undefined ? 'blue' : 'green' }];
  if (warn !== undefined) steps.push({ value: warn, color: 'yellow' });
  if (bad !== undefined) steps.push({ value: bad, color: 'red' });
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
};

/** The shortest interval that rollups know. */
export const rollupInterval = '5m';

/** Most points of a line, and steps of a number's range: by these Grafana finds the interval, and it the rollup. */
export const mostPoints = { lines: 400, number: 100 };

/** Lines over time, out of columns `time`, `series` (the line's name) and `value`. */
export const lines = (
  text: NumberText & {
    /** Lay lines on each other: for counts. */
    readonly stacked?: boolean;
    readonly max?: number;
    /** Shortest interval, where rows are finer than rollups. */
    readonly interval?: string;
  },
) => {
  const panel = new SeriesBuilder()
    .title(text.title)
    .description(text.about)
    .datasource(chosenClickHouse)
    .withTarget(clickhouseQuery(text.sql, 'series'))
    .displayName('${__field.labels.series}')
    .interval(text.interval ?? rollupInterval)
    .maxDataPoints(mostPoints.lines)
    .unit(text.unit)
    .min(0)
    .span(text.width ?? 12)
    .height(8)
    .thresholds(thresholds(text.warn, text.bad))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  if (text.max !== undefined) panel.max(text.max);
  return text.stacked
    ? panel
        .drawStyle(GraphDrawStyle.Bars)
        .fillOpacity(70)
        .lineWidth(0)
        .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
    : panel.lineWidth(2).fillOpacity(8).spanNulls(true);
};

/** One number. */
export const number = (text: NumberText) =>
  new StatBuilder()
    .title(text.title)
    .description(text.about)
    .datasource(chosenClickHouse)
    .withTarget(clickhouseQuery(text.sql, 'table'))
    .maxDataPoints(mostPoints.number)
    .unit(text.unit)
    .noValue('none')
    .span(text.width ?? 4)
    .height(4)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(text.warn, text.bad));

/**
 * Rows.
 *
 * A column `subject` links to the subject's dashboard and to the console.
 *
 * @param text.units - Grafana's units by column
 */
export const rows = (text: PanelText & { readonly units?: Readonly<Record<string, string>> }) => {
  const panel = new TableBuilder()
    .title(text.title)
    .description(text.about)
    .datasource(chosenClickHouse)
    .withTarget(clickhouseQuery(text.sql, 'table'))
    .noValue('none')
    .unit('none')
    .filterable(true)
    .span(text.width ?? 24)
    .height(9)
    .overrideByName('subject', [{ id: 'links', value: [subjectDashboard, consolePath] }]);
  for (const [column, unit] of Object.entries(text.units ?? {}))
    panel.overrideByName(column, [{ id: 'unit', value: unit }]);
  return panel;
};
