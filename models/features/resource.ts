import { type Feature, type FeatureSpec, hashFeatures } from './spec.ts';

/** The metrics of a resource sample, in the order of the aggregates. */
export const resourceMetrics = [
  'cpuCores',
  'memoryBytes',
  'receivedBytes',
  'sentBytes',
  'readBytes',
  'writtenBytes',
  'apiCalls',
  'apiErrors',
  'dataReads',
  'dataWrites',
  'connections',
  'threads',
] as const;

/** Name of one metric of a resource sample. */
export type ResourceMetric = (typeof resourceMetrics)[number];

/** Numbers a closed window holds for each metric: count, sum, sum of squares, minimum, maximum. */
export const aggregatesPerMetric = 5;

/** Features made of each metric: its level and its peak. */
export const featuresPerMetric = 2;

/**
 * The least amount worth noticing: below it the logarithm flattens, so that noise around nothing stays nothing.
 */
const resolution: Readonly<Record<ResourceMetric, { unit: string; step: number }>> = {
  cpuCores: { unit: 'cores', step: 0.01 },
  memoryBytes: { unit: 'bytes', step: 1_048_576 },
  receivedBytes: { unit: 'bytes/s', step: 256 },
  sentBytes: { unit: 'bytes/s', step: 256 },
  readBytes: { unit: 'bytes/s', step: 1024 },
  writtenBytes: { unit: 'bytes/s', step: 1024 },
  apiCalls: { unit: 'calls/s', step: 0.1 },
  apiErrors: { unit: 'calls/s', step: 0.1 },
  dataReads: { unit: 'records/s', step: 0.1 },
  dataWrites: { unit: 'records/s', step: 0.1 },
  connections: { unit: 'connections', step: 0.5 },
  threads: { unit: 'threads', step: 0.5 },
};

const steps = Float64Array.from(resourceMetrics, (metric) => resolution[metric].step);

const features: readonly Feature[] = resourceMetrics.flatMap((metric) => {
  const { unit, step } = resolution[metric];
  return [
    { name: `${metric}.level`, unit, transform: `ln(1 + mean / ${step})`, window: 'tumbling' },
    {
      name: `${metric}.peak`,
      unit: 'times the mean',
      transform: `ln((max + ${step}) / (mean + ${step}))`,
      window: 'tumbling',
    },
  ] as const;
});

const name = 'resource-window-2';

/** The rule for what is missing, the same wherever vectors are made: here, and nowhere else. */
const missing =
  'no finite sample of at least 0 in the window: level and peak of the metric are NaN; they count as 0 after normalisation, are not judged, and nothing is learned from them';

/**
 * Level and peak of each metric of a window, on a logarithmic scale, so that a doubling weighs the same at any size.
 *
 * @example
 * const vector = new Float32Array(resourceFeatures.size);
 * resourceFeatures.fill(aggregates, 0, vector, 0);
 */
export const resourceFeatures: FeatureSpec = {
  name,
  features,
  size: features.length,
  missing,
  hash: hashFeatures(name, features, missing),
  fill(aggregates, offset, out, outOffset) {
    let from = offset;
    let to = outOffset;
    for (let metric = 0; metric < steps.length; metric++, from += aggregatesPerMetric, to += featuresPerMetric) {
      const count = aggregates[from]!;
      const mean = aggregates[from + 1]! / count;
      const max = aggregates[from + 4]!;
      // Also false for NaN, so one comparison refuses everything that is no amount.
      if (count > 0 && mean >= 0 && max >= mean * (1 - 1e-9) && max < Number.POSITIVE_INFINITY) {
        const step = steps[metric]!;
        const level = Math.log1p(mean / step);
        out[to] = level;
        out[to + 1] = Math.max(0, Math.log1p(max / step) - level);
      } else {
        out[to] = Number.NaN;
        out[to + 1] = Number.NaN;
      }
    }
  },
  amountOf(feature, value) {
    if (feature % featuresPerMetric === 1) return Math.exp(value);
    return Math.max(0, steps[Math.floor(feature / featuresPerMetric)]! * Math.expm1(value));
  },
};
