import { map, type OperatorFunction } from 'rxjs';
import type { FeaturizedBatch, WindowedBatch } from './batch.ts';
import { aggregatesPerMetric } from './openWindows.ts';

/** The part of a feature specification that streaming needs; see `models/features`. */
export interface Featurizer {
  /** Numbers in a vector. */
  readonly size: number;
  /** Write one vector from a window's aggregates; a missing feature is NaN. */
  fill(aggregates: Float64Array, offset: number, out: Float32Array, outOffset: number): void;
}

const keptNumbers = 262_144;

/**
 * Turn the aggregates of closed windows into the model's feature vectors.
 *
 * @param featurizer - the feature specification that the model was trained with
 * @param metrics - metrics in a sample
 */
export const featurize = (
  featurizer: Featurizer,
  metrics: number,
): OperatorFunction<WindowedBatch, FeaturizedBatch> => {
  let vectors = new Float32Array(0);
  const stride = metrics * aggregatesPerMetric;
  return map((batch) => {
    const needed = batch.events.length * featurizer.size;
    // A burst of windows must not keep its room for ever.
    if (vectors.length < needed || vectors.length > Math.max(needed * 4, keptNumbers))
      vectors = new Float32Array(needed * 2);
    for (let i = 0; i < batch.events.length; i++)
      featurizer.fill(batch.aggregates, i * stride, vectors, i * featurizer.size);
    return { ...batch, vectors };
  });
};
