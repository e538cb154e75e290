import { EbbtideError } from '../../schemas/errors.ts';
import { recencyWeights, weightedQuantile } from './weighted.ts';

/** How a template is made and compared; see `statistical.ts`. */
export interface TemplateOptions {
  /** Samples kept at most: the last ones. */
  readonly rows: number;
  /** Age in samples after which a sample weighs 1/e. */
  readonly memory: number;
  /** Least scale of a feature. */
  readonly scaleFloor: number;
  /** Whether samples may lack features: NaN stands for what did not occur. @default false */
  readonly partial?: boolean;
}

/** What the recipe found on training parts. */
export const templateDefaults: TemplateOptions = { rows: 200, memory: 25, scaleFloor: 0.001 };

/** What is known of one person's way: their last samples, what is usual, and how they vary. Plain numbers, to be kept. */
export interface Template {
  /** Numbers of a sample. */
  readonly features: number;
  /** rows × features, oldest first. */
  readonly rows: Float64Array | Float32Array;
  /** One a row, summing to one; the newest weighs most. */
  readonly weights: Float64Array;
  /** Weighted median of each feature, NaN for one that no row has. */
  readonly median: Float64Array;
  /** Weighted median distance from the median, and the floor. */
  readonly scale: Float64Array;
  /** Weighted mean distance from the median. */
  readonly spread: Float64Array;
}

/**
 * Make a template of somebody's samples.
 *
 * @param samples rows × features, oldest first, transformed; the template keeps them, so that they must not change
 * @param features numbers of a sample
 * @throws EbbtideError DATA_MISSING without a sample, RECORD_OUT_OF_RANGE for one that is no number and may not lack any
 */
export const makeTemplate = (
  samples: Float64Array | Float32Array,
  features: number,
  { rows: most, memory, scaleFloor, partial = false }: TemplateOptions = templateDefaults,
): Template => {
  const given = samples.length / features;
  if (!(given >= 1) || !Number.isInteger(given))
    throw new EbbtideError(
      'DATA_MISSING',
      `A template takes at least one sample of ${features} numbers, got ${samples.length} numbers`,
      { features },
    );
  if (!samples.every((it) => Number.isFinite(it) || (partial && Number.isNaN(it))))
    throw new EbbtideError('RECORD_OUT_OF_RANGE', 'A sample of behaviour holds something that is no finite number');
  // What is made of a person's samples is asked for at each sign-in: nothing is copied that need not be
  const rows = samples.subarray(Math.max(0, given - most) * features);
  const count = rows.length / features;
  const weights = recencyWeights(count, memory);
  const [median, scale, spread] = [0, 1, 2].map(() => new Float64Array(features)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const column = new Float64Array(count);
  for (let feature = 0; feature < features; feature++) {
    for (let row = 0; row < count; row++) column[row] = rows[row * features + feature]!;
    const of = partial ? present(column, weights) : { values: column, weights };
    if (of.values.length === 0) {
      for (const each of [median, scale, spread]) each[feature] = Number.NaN;
      continue;
    }
    const middle = weightedQuantile(of.values, of.weights, 0.5);
    const away = of.values;
    let mean = 0;
    for (let row = 0; row < away.length; row++) {
      away[row] = Math.abs(away[row]! - middle);
      mean += away[row]! * of.weights[row]!;
    }
    median[feature] = middle;
    scale[feature] = weightedQuantile(away, of.weights, 0.5) + scaleFloor;
    spread[feature] = mean;
  }
  return { features, rows, weights, median, scale, spread };
};

/** What there is of a feature, of rows that may lack it; the weights sum to one. */
const present = (
  values: Float64Array,
  weights: Float64Array,
): { readonly values: Float64Array; readonly weights: Float64Array } => {
  if (!values.some(Number.isNaN)) return { values, weights };
  const there = (_: number, row: number): boolean => !Number.isNaN(values[row]);
  const kept = weights.filter(there);
  const total = kept.reduce((sum, it) => sum + it, 0);
  return { values: values.filter(there), weights: kept.map((it) => it / total) };
};
