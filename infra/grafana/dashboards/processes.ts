import {
  LegendDisplayMode,
  LegendPlacement,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Board } from '../board.ts';
import { chosenPrometheus } from '../query.ts';
import { labelValues } from '../variables.ts';

interface MetricText {
  readonly title: string;
  readonly about: string;
  readonly unit: string;
  readonly expr: string;
  /** Name of each line, out of labels, e.g. `{{pipeline}}`. */
  readonly line: string;
  /** Shortest interval, for what is counted seldom. */
  readonly interval?: string;
}

const metric = ({ title, about, unit, expr, line, interval }: MetricText) => {
  const panel = new PanelBuilder()
    .title(title)
    .description(about)
    .datasource(chosenPrometheus)
    .withTarget(new DataqueryBuilder().refId('A').datasource(chosenPrometheus).expr(expr).legendFormat(line).range())
    .unit(unit)
    .min(0)
    .span(12)
    .height(8)
    .lineWidth(2)
    .fillOpacity(8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  return interval === undefined ? panel : panel.interval(interval);
};

const chosen = 'job=~"$job", instance=~"$instance"';
const pipelines = ['lifecycle', 'scope', 'preprovision', 'keylife'] as const;
/** One expression a pipeline, joined, each with its name as a label. */
const each = (expr: (pipeline: string) => string, others: Readonly<Record<string, string>> = {}): string =>
  [...pipelines.map((name) => [name, expr(name)] as const), ...Object.entries(others)]
    .map(([name, text]) => `label_replace(${text}, "pipeline", "${name}", "", "")`)
    .join('\nor ');

/** Whether every process keeps up, by what it counts. */
export const processes: Board = {
  name: 'processes',
  title: 'Ebbtide: pipelines, by their metrics',
  about: 'Lag, watermarks, transactions, Vault and the gateway, as Prometheus scrapes them from processes.',
  range: '6h',
  source: 'prometheus',
  variables: [
    labelValues('job', 'Job', 'ebbtide_build_info'),
    labelValues('instance', 'Instance', 'ebbtide_build_info{job=~"$job"}'),
  ],
  panels: [
    metric({
      title: 'Lag',
      about:
        'Messages that are not read yet, by pipeline. What grows needs more processes, or a broker that is faster.',
      unit: 'short',
      expr: each((name) => `sum(ebbtide_${name}_lag_messages{${chosen}})`, {
        actuate: `sum(ebbtide_actuator_lag_messages{${chosen}})`,
        archive: `max(ebbtide_archive_lag_messages{${chosen}})`,
      }),
      line: '{{pipeline}}',
    }),
    metric({
      title: 'Event time behind the clock',
      about: 'Of the slowest partition. A line that climbs steadily is a partition that stands still.',
      unit: 's',
      expr: each((name) => `max(time() - max by (partition) (ebbtide_${name}_watermark_seconds{${chosen}}))`),
      line: '{{pipeline}}',
    }),
    metric({
      title: 'Messages a second',
      about: 'Telemetry messages processed, and messages archived.',
      unit: 'wps',
      expr: each((name) => `sum(rate(ebbtide_${name}_messages_total{${chosen}}[$__rate_interval]))`, {
        archive: `sum(rate(ebbtide_archive_messages_total{${chosen}}[$__rate_interval]))`,
      }),
      line: '{{pipeline}}',
    }),
    metric({
      title: 'Transactions',
      about: '99th percentile of the time that Kafka takes for a transaction.',
      unit: 's',
      expr: each(
        (name) =>
          `histogram_quantile(0.99, sum by (le) (rate(ebbtide_${name}_commit_seconds_bucket{${chosen}}[$__rate_interval])))`,
      ),
      line: '{{pipeline}}',
    }),
    metric({
      title: 'Decision to effect',
      about: '95th percentile of the time from a decision’s arrival at the actuator to its effect, by action.',
      unit: 's',
      expr: `histogram_quantile(0.95, sum by (action, le) (rate(ebbtide_actuator_latency_seconds_bucket{${chosen}}[$__rate_interval])))`,
      line: '{{action}}',
    }),
    metric({
      title: 'Requests to Vault',
      about: 'By service and status; 0 is no answer.',
      unit: 'reqps',
      expr: `sum by (service, status) (rate(ebbtide_vault_request_seconds_count{${chosen}}[$__rate_interval]))`,
      line: '{{service}} {{status}}',
    }),
    metric({
      title: 'Gateway: time of a decision',
      about: '99th percentile of the time within the gateway.',
      unit: 's',
      expr: `histogram_quantile(0.99, sum by (instance, le) (rate(ebbtide_gateway_decision_seconds_bucket{${chosen}}[$__rate_interval])))`,
      line: '{{instance}}',
    }),
    metric({
      title: 'Gateway: decisions',
      about: 'By why they were made.',
      unit: 'reqps',
      expr: `sum by (because) (rate(ebbtide_gateway_decisions_total{${chosen}}[$__rate_interval]))`,
      line: '{{because}}',
    }),
    metric({
      title: 'Drift',
      about: 'Largest distance between the distribution of p-values and the uniform one, by partition.',
      unit: 'none',
      expr: `max by (partition) (ebbtide_lifecycle_drift_distance{${chosen}})`,
      line: '{{partition}}',
    }),
    metric({
      title: 'Next access: challenger beside champion',
      about:
        'Log loss of a forecast of the next hour, mean of two hours and more, nats: the lower line foresees better. Nothing where no access model challenges.',
      unit: 'none',
      expr: `sum by (role) (increase(ebbtide_preprovision_compared_log_loss_total{${chosen}}[$__rate_interval])) / on () group_left () (sum(increase(ebbtide_preprovision_compared_forecasts_total{${chosen}}[$__rate_interval])) > 0)`,
      line: '{{role}}',
      interval: '2h',
    }),
    metric({
      title: 'Forecasts compared',
      about:
        'Forecasts of an hour, of champion and challenger each, on which the comparison rests, within two hours and more.',
      unit: 'short',
      expr: `sum(increase(ebbtide_preprovision_compared_forecasts_total{${chosen}}[$__rate_interval]))`,
      line: 'forecasts',
      interval: '2h',
    }),
    metric({
      title: 'Agents',
      about: 'Samples that wait on hosts for the broker.',
      unit: 'short',
      expr: `sum by (instance) (ebbtide_agent_waiting_samples{${chosen}})`,
      line: '{{instance}}',
    }),
    metric({
      title: 'Memory',
      about: 'Resident memory of each process.',
      unit: 'bytes',
      expr: `process_resident_memory_bytes{${chosen}}`,
      line: '{{instance}}',
    }),
    metric({
      title: 'Event loop',
      about: '99th percentile of the delay of Node’s event loop.',
      unit: 's',
      expr: `nodejs_eventloop_lag_p99_seconds{${chosen}}`,
      line: '{{instance}}',
    }),
  ],
};
