import { createHash } from 'node:crypto';

/** One number of a feature vector, and how it comes about. */
export interface Feature {
  readonly name: string;
  /** Unit of what is measured, before the transform. */
  readonly unit: string;
  /** The formula, in words that a reader of the manifest can follow. */
  readonly transform: string;
  /**
   * What is aggregated: `tumbling` is one closed window, `sliding` the last part of a subject's history, `baseline` the
   * window against all of it.
   */
  readonly window: 'tumbling' | 'sliding' | 'baseline';
}

/** What a model wants to see, in order, and the hash that ties a trained model to it. */
export interface FeatureSpec {
  readonly name: string;
  readonly features: readonly Feature[];
  readonly size: number;
  /** What becomes of a metric that a window lacks, in words that a reader of the manifest can follow. */
  readonly missing: string;
  /** SHA-256 over names, units, transforms, windows, order and the rule for what is missing, in hex. */
  readonly hash: string;
  /**
   * Turn a closed window's aggregates into features.
   *
   * @param aggregates per metric: count, sum, sum of squares, minimum, maximum; count 0 means missing
   * @param offset where this window begins in `aggregates`
   * @param out receives `size` floats; NaN means missing
   * @param outOffset where to begin in `out`
   */
  fill(aggregates: Float64Array, offset: number, out: Float32Array, outOffset: number): void;
  /**
   * Undo a feature's transform, for people to read.
   *
   * @param feature place in `features`
   * @param value as `fill` made it
   * @returns the amount in the feature's unit
   */
  amountOf(feature: number, value: number): number;
}

/**
 * Hash a specification, so that a model is never fed with features other than those it was trained on.
 *
 * @returns SHA-256 in hex
 */
export const hashFeatures = (name: string, features: readonly Feature[], missing: string): string =>
  createHash('sha256')
    .update(
      JSON.stringify({
        name,
        missing,
        features: features.map(({ name, unit, transform, window }) => [name, unit, transform, window]),
      }),
    )
    .digest('hex');
