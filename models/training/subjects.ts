import type { Recording } from '../data/index.ts';
import { type ResourceMetric, resourceMetrics } from '../features/resource.ts';
import type { FeatureSpec } from '../features/spec.ts';
import type { Random } from './random.ts';
import { syntheticProcess } from './synthetic.ts';
import { type Columns, windowVectors } from './windows.ts';

/** A subject as the scorer would meet it: window after window from its first. */
export interface Subject {
  readonly windows: number;
  /** windows × `spec.size` */
  readonly vectors: Float32Array;
  /** Function that it is an instance of, where that is known. */
  readonly cohort?: string;
  /** Whose telemetry it is drawn from, where that is known; several may be drawn from one. */
  readonly subject?: string;
}

/** How subjects are drawn out of recordings. */
export interface SubjectOptions {
  /** Windows of a subject, at least and at most. */
  readonly windows: readonly [number, number];
  /** Samples to a window are drawn from these. */
  readonly rowsPerWindow: readonly number[];
  /** Share of subjects that are invented. */
  readonly synthetic: number;
  /** Standard deviation of the log factor by which each metric is scaled. */
  readonly scaling: number;
  /** Whether some subjects show only some metrics. */
  readonly hideMetrics: boolean;
}

/** What an agent sees of a process without an instrumented client. */
const agentMetrics: ReadonlySet<ResourceMetric> = new Set([
  'cpuCores',
  'memoryBytes',
  'readBytes',
  'writtenBytes',
  'connections',
  'threads',
]);

/** Draw which metrics a subject shows: all of them, those of an agent alone, or some. */
export const shownMetrics = (random: Random): readonly boolean[] => {
  const kind = random.next();
  if (kind < 0.5) return resourceMetrics.map(() => true);
  if (kind < 0.7) return resourceMetrics.map((metric) => agentMetrics.has(metric));
  const share = 0.1 + 0.8 * random.next();
  const shown = resourceMetrics.map(() => random.next() < share);
  shown[random.integer(0, shown.length)] = true;
  return shown;
};

/**
 * Draw a subject: a stretch of a recording, or an invented process, at some window size, scaled, some metrics hidden.
 *
 * @param recordings where stretches come from
 * @param range share of each recording's rows that may be used, such as [0, 0.85]
 */
export const drawSubject = (
  random: Random,
  spec: FeatureSpec,
  recordings: readonly Recording[],
  range: readonly [number, number],
  options: SubjectOptions,
): Subject => {
  const rowsPerWindow = random.pick(options.rowsPerWindow);
  const [fewest, most] = options.windows;
  const wanted = random.integer(fewest, most + 1);
  let columns: Columns;
  let from = 0;
  let windows = wanted;
  if (random.next() < options.synthetic) columns = syntheticProcess(random, wanted * rowsPerWindow);
  else {
    const recording = random.pick(recordings);
    const first = Math.floor(recording.rows * range[0]);
    const last = Math.floor(recording.rows * range[1]);
    windows = Math.min(wanted, Math.floor((last - first) / rowsPerWindow));
    from = random.integer(first, last - windows * rowsPerWindow + 1);
    columns = resourceMetrics.map((metric) => recording.metrics[metric]);
  }
  const shown = options.hideMetrics ? shownMetrics(random) : resourceMetrics.map(() => true);
  const drawn = columns.map((column, metric) => {
    const factor = Math.exp(options.scaling * random.normal());
    const rows = column.subarray(from, from + windows * rowsPerWindow);
    return shown[metric] ? rows.map((value) => value * factor) : new Float64Array(rows.length).fill(Number.NaN);
  });
  return { windows, vectors: windowVectors(spec, drawn, 0, windows, rowsPerWindow) };
};
