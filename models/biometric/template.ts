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
}

/** What the recipe found on training parts. */
export const templateDefaults: TemplateOptions = { rows: 200, memory: 25, scaleFloor: 0.001 };

/** What is known of one person's way: their last samples, what is usual, and how they vary. Plain numbers, to be kept. */
export interface Template {
  /** Numbers of a sample. */
  readonly features: number;
  /** rows × features, oldest first. */
  readonly rows: Float64Array;
  /** One a row, summing to one; the newest weighs most. */
  readonly weights: Float64Array;
  /** Weighted median of each feature. */
  readonly median: Float64Array;
  /** Weighted median distance from the median, and the floor. */
  readonly scale: Float64Array;
  /** Weighted mean distance from the median. */
  readonly spread: Float64Array;
}

/**
 * Make a template of somebody's samples.
 *
 * @param samples rows × features, oldest first, transformed
 * @param features numbers of a sample
 * @throws EbbtideError DATA_MISSING without a sample, RECORD_OUT_OF_RANGE for one that is no number
 */
export const makeTemplate = (
  samples: Float64Array,
  features: number,
  { rows: most, memory, scaleFloor }: TemplateOptions = templateDefaults,
): Template => {
  const given = samples.length / features;
  if (!(given >= 1) || !Number.isInteger(given))
    throw new EbbtideError(
      'DATA_MISSING',
      `A template takes at least one sample of ${features} numbers, got ${samples.length} numbers`,
      { features },
    );
  if (!samples.every(Number.isFinite))
    throw new EbbtideError('RECORD_OUT_OF_RANGE', 'A sample of behaviour holds something that is no finite number');
  const rows = samples.slice(Math.max(0, given - most) * features);
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
    const middle = weightedQuantile(column, weights, 0.5);
    for (let row = 0; row < count; row++) column[row] = Math.abs(column[row]! - middle);
    median[feature] = middle;
    scale[feature] = weightedQuantile(column, weights, 0.5) + scaleFloor;
    spread[feature] = column.reduce((sum, it, row) => sum + it * weights[row]!, 0);
  }
  return { features, rows, weights, median, scale, spread };
};
