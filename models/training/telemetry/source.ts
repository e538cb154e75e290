/** Called for each sample: one value a metric in the order of `resourceMetrics`, NaN where it is missing; reused. */
export type SampleVisitor = (subject: string, timeMs: number, values: Float64Array) => void;

/** Called for what is known of a subject: its first and last sample, epoch ms, and how many; may repeat a subject. */
export type ExtentVisitor = (subject: string, firstMs: number, lastMs: number, samples: number) => void;

/** Times between which samples are wanted, epoch ms: `[fromMs, toMs)`. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Telemetry to train on, read as a stream, twice: once for who is there, once for the samples of those chosen. */
export interface TelemetrySource {
  /** Where it comes from, for the model's lineage: the query or the file, and what it was asked with. */
  readonly lineage: Readonly<Record<string, unknown>>;
  /** Tell of every subject with samples in the range, whatever the order. */
  extents(range: TimeRange, visit: ExtentVisitor, signal?: AbortSignal): Promise<void>;
  /** Give the samples of some subjects, each within a range of its own, in order of time for each subject. */
  samples(wanted: ReadonlyMap<string, TimeRange>, visit: SampleVisitor, signal?: AbortSignal): Promise<void>;
  /** The function that each of some subjects is an instance of, by the credential register; absent where there is none. */
  cohorts?(subjects: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
}
