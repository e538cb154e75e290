import { Histogram, type OpenMetricsContentType, Registry } from 'prom-client';

/** A histogram with one label. */
export interface TracedHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

/** Have a registry answer in OpenMetrics, the format that has exemplars. Before anything observes. */
export const withExemplars = (registry: Registry): void =>
  (registry as unknown as Registry<OpenMetricsContentType>).setContentType(Registry.OPENMETRICS_CONTENT_TYPE);

/**
 * A histogram whose buckets name the trace of their last traced observation, where the registry has exemplars
 * ({@link withExemplars}).
 *
 * @returns observes a value
 */
export const tracedHistogram = (
  registry: Registry,
  { name, help, label, buckets }: TracedHistogramOptions,
): ((labelValue: string, value: number, traceId?: string) => void) => {
  const enableExemplars = (registry.contentType as string) === Registry.OPENMETRICS_CONTENT_TYPE;
  const histogram = new Histogram({
    ...{ name, help, labelNames: [label], buckets: [...buckets], registers: [registry], enableExemplars },
  });
  return (labelValue, value, traceId) => {
    const labels = { [label]: labelValue };
    if (!enableExemplars) histogram.observe(labels, value);
    else
      histogram.observe({ labels, value, ...(traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } }) });
  };
};
