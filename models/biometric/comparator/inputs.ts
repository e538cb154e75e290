import { keysOf } from '../keystrokes.ts';
import type { Template } from '../template.ts';
import { recencyWeights, weightedQuantile } from '../weighted.ts';

/** How people at large type the phrase: medians and spreads of its timings over everybody. */
export interface Population {
  /** One a timing, on the logarithmic scale of `logTimings`. */
  readonly median: Float64Array;
  /** 1.4826 times the median distance from the median, and a floor. */
  readonly spread: Float64Array;
}

/** What the comparator is told of a person. */
export type Typical = Pick<Template, 'median' | 'scale' | 'spread'>;

/** Numbers made of each timing. */
const perTiming = 5;
/** Numbers the network takes at each key: of its hold, and of both distances into it. */
export const inputsPerKey = 3 * perTiming;

const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Learn how people at large type. @param rows all repetitions of all people × timings, transformed */
export const learnPopulation = (rows: Float64Array, timings: number): Population => {
  const count = rows.length / timings;
  const even = recencyWeights(count, Number.POSITIVE_INFINITY);
  const median = new Float64Array(timings);
  const spread = new Float64Array(timings);
  for (let timing = 0; timing < timings; timing++) {
    const column = Float64Array.from({ length: count }, (_, row) => rows[row * timings + timing]!);
    median[timing] = weightedQuantile(column, even, 0.5);
    const far = column.map((value) => Math.abs(value - median[timing]!));
    spread[timing] = 1.4826 * weightedQuantile(far, even, 0.5) + 0.02;
  }
  return { median, spread };
};

/**
 * Compare a sample with a person, timing by timing: where it lies among theirs, how far; where they lie among people, how
 * steady they are; and where the sample lies among people, seen from theirs.
 *
 * @param sample one repetition, transformed
 * @param out receives keys × {@link inputsPerKey}: hold, then down-down and up-down into the key, which the first has not
 */
export const fillInputs = (
  typical: Typical,
  { median: people, spread: differ }: Population,
  sample: Float64Array,
  out: Float32Array,
  offset = 0,
): void => {
  for (let timing = 0; timing < sample.length; timing++) {
    const m = typical.median[timing]!;
    const v = typical.spread[timing]!;
    const q = sample[timing]!;
    const pm = people[timing]!;
    const ps = differ[timing]!;
    const z = clip((q - m) / (typical.scale[timing]! + 0.3 * v + 0.02), -6, 6) / 3;
    const c = clip((m - pm) / ps, -4, 4);
    const at = offset + Math.ceil(timing / 3) * inputsPerKey + (timing % 3) * perTiming;
    out[at] = z;
    out[at + 1] = Math.abs(z);
    out[at + 2] = c;
    out[at + 3] = clip(Math.log((v + 0.02) / ps), -3, 2);
    out[at + 4] = clip(clip((q - pm) / ps, -4, 4) - c, -4, 4);
  }
};

/** Numbers that the network takes for one sample. */
export const inputsOf = (timings: number): number => keysOf(timings) * inputsPerKey;
