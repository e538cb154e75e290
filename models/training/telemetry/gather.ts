import { aggregatesPerMetric, resourceMetrics } from '../../features/resource.ts';
import type { FeatureSpec } from '../../features/spec.ts';
import type { Subject } from '../subjects.ts';

/** Windows of one subject without a long gap between them. */
export interface TimedSubject extends Subject {
  readonly subject: string;
  /** End of each window, epoch ms. */
  readonly ends: Float64Array;
}

/** A subject, as an instance of a function where that is known. */
export const withCohort = (subject: TimedSubject, cohort: string | undefined): TimedSubject =>
  cohort === undefined ? subject : { ...subject, cohort };

/** What was met on the way, for people. */
export interface GatherCounts {
  samples: number;
  windows: number;
  /** Samples older than a window of the subject that had closed. */
  disordered: number;
  /** Values that were no amounts: NaN, infinite or negative. */
  unusable: number;
  /** Gaps after which a subject's history begins anew. */
  gaps: number;
  /** Windows beyond what is kept of one subject. */
  beyond: number;
}

/** How to gather. */
export interface GatherOptions {
  readonly windowMs: number;
  /** Windows kept of one subject at most. */
  readonly maxWindows: number;
  /** Windows without a sample after which history begins anew. */
  readonly gapWindows: number;
}

interface Growing {
  start: number;
  readonly aggregates: Float64Array;
  /** Windows closed so far: vectors and ends, grown by doubling. */
  vectors: Float32Array;
  ends: Float64Array;
  windows: number;
  /** Windows at which a stretch after a gap begins. */
  readonly cuts: number[];
}

const metrics = resourceMetrics.length;

/** Gathers samples into event-time windows of fixed size and their feature vectors, as the pipeline does. */
export class Gatherer {
  readonly counts: GatherCounts = { samples: 0, windows: 0, disordered: 0, unusable: 0, gaps: 0, beyond: 0 };
  readonly #spec: FeatureSpec;
  readonly #options: GatherOptions;
  readonly #subjects = new Map<string, Growing>();

  constructor(spec: FeatureSpec, options: GatherOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  /** Take a sample; those of one subject in order of time, those of different subjects in any. */
  add(subject: string, timeMs: number, values: Float64Array): void {
    const { windowMs } = this.#options;
    const start = Math.floor(timeMs / windowMs) * windowMs;
    let growing = this.#subjects.get(subject);
    if (!growing) {
      growing = {
        start,
        aggregates: emptyAggregates(),
        vectors: new Float32Array(this.#spec.size * 16),
        ends: new Float64Array(16),
        windows: 0,
        cuts: [],
      };
      this.#subjects.set(subject, growing);
    }
    if (start < growing.start) {
      this.counts.disordered++;
      return;
    }
    if (start > growing.start) {
      this.#close(growing);
      if (start - growing.start > this.#options.gapWindows * windowMs) {
        this.counts.gaps++;
        growing.cuts.push(growing.windows);
      }
      growing.start = start;
    }
    this.counts.samples++;
    const { aggregates } = growing;
    for (let metric = 0, at = 0; metric < metrics; metric++, at += aggregatesPerMetric) {
      const value = values[metric]!;
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
        if (!Number.isNaN(value)) this.counts.unusable++;
        continue;
      }
      aggregates[at]!++;
      aggregates[at + 1]! += value;
      aggregates[at + 2]! += value * value;
      if (value < aggregates[at + 3]!) aggregates[at + 3] = value;
      if (value > aggregates[at + 4]!) aggregates[at + 4] = value;
    }
  }

  /**
   * Close what is open and give it.
   *
   * @param minWindows stretches with fewer are left out
   */
  finish(minWindows: number): TimedSubject[] {
    const { size } = this.#spec;
    const stretches: TimedSubject[] = [];
    for (const [subject, growing] of this.#subjects) {
      this.#close(growing);
      const bounds = [0, ...growing.cuts, growing.windows];
      for (let i = 0; i + 1 < bounds.length; i++) {
        const [from, to] = [bounds[i]!, bounds[i + 1]!];
        if (to - from < minWindows) continue;
        const vectors = growing.vectors.slice(from * size, to * size);
        stretches.push({ subject, windows: to - from, vectors, ends: growing.ends.slice(from, to) });
      }
    }
    this.#subjects.clear();
    return stretches;
  }

  #close(growing: Growing): void {
    const { size } = this.#spec;
    if (growing.windows >= this.#options.maxWindows) this.counts.beyond++;
    else {
      if (growing.windows === growing.ends.length) {
        growing.vectors = grown(growing.vectors, new Float32Array(growing.vectors.length * 2));
        growing.ends = grown(growing.ends, new Float64Array(growing.ends.length * 2));
      }
      this.#spec.fill(growing.aggregates, 0, growing.vectors, growing.windows * size);
      growing.ends[growing.windows++] = growing.start + this.#options.windowMs;
      this.counts.windows++;
    }
    resetAggregates(growing.aggregates);
  }
}

const grown = <A extends Float32Array | Float64Array>(from: A, to: A): A => {
  to.set(from as never);
  return to;
};

const resetAggregates = (aggregates: Float64Array): Float64Array => {
  for (let at = 0; at < aggregates.length; at += aggregatesPerMetric)
    aggregates.set([0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], at);
  return aggregates;
};

const emptyAggregates = (): Float64Array => resetAggregates(new Float64Array(metrics * aggregatesPerMetric));
