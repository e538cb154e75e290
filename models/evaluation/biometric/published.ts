import { cholesky, mahalanobis } from '../../detectors/linear.ts';

/** A detector of Killourhy and Maxion (DSN 2009): learns from somebody's samples, in seconds, and scores others. */
export type PublishedDetector = (samples: Float64Array, features: number) => (sample: Float64Array) => number;

interface Moments {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

const column = (samples: Float64Array, features: number, feature: number): Float64Array =>
  Float64Array.from({ length: samples.length / features }, (_, row) => samples[row * features + feature]!);

const meanOf = (values: Float64Array): number => values.reduce((sum, it) => sum + it, 0) / values.length;

const momentsOf = (samples: Float64Array, features: number): Moments => {
  const mean = new Float64Array(features);
  const deviation = new Float64Array(features);
  for (let i = 0; i < features; i++) {
    const values = column(samples, features, i);
    mean[i] = meanOf(values);
    const squares = values.reduce((sum, it) => sum + (it - mean[i]!) ** 2, 0);
    deviation[i] = Math.sqrt(squares / (values.length - 1));
  }
  return { mean, deviation };
};

const summed = (features: number, of: (i: number) => number): number => {
  let sum = 0;
  for (let i = 0; i < features; i++) sum += of(i);
  return sum;
};

/** Cholesky factor of the covariance; down-down is hold plus up-down but for rounding, so a trace is added to the diagonal. */
const covarianceFactor = (samples: Float64Array, features: number, mean: Float64Array): Float64Array => {
  const rows = samples.length / features;
  const covariance = new Float64Array(features * features);
  for (let i = 0; i < features; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let row = 0; row < rows; row++)
        sum += (samples[row * features + i]! - mean[i]!) * (samples[row * features + j]! - mean[j]!);
      covariance[i * features + j] = sum / (rows - 1);
      covariance[j * features + i] = sum / (rows - 1);
    }
  for (let i = 0; i < features; i++) covariance[i * features + i]! += 1e-10;
  return cholesky(covariance, features);
};

const whitened = (factor: Float64Array, sample: Float64Array): Float64Array => {
  const white = new Float64Array(sample.length);
  mahalanobis(factor, sample, white);
  return white;
};

const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value - b[i]!);

/** Detectors of the paper, by name, as it describes them. */
export const publishedDetectors: Readonly<Record<string, PublishedDetector>> = {
  scaledManhattan: (samples, features) => {
    const { mean } = momentsOf(samples, features);
    const spread = mean.map((middle, i) => meanOf(column(samples, features, i).map((it) => Math.abs(it - middle))));
    return (sample) => summed(features, (i) => Math.abs(sample[i]! - mean[i]!) / spread[i]!);
  },
  nearestMahalanobis: (samples, features) => {
    const factor = covarianceFactor(samples, features, momentsOf(samples, features).mean);
    // Where the covariance is one, the distance is Euclid's.
    const rows = Array.from({ length: samples.length / features }, (_, row) =>
      whitened(factor, samples.subarray(row * features, (row + 1) * features)),
    );
    return (sample) => {
      const white = whitened(factor, sample);
      return Math.min(...rows.map((row) => summed(features, (i) => (white[i]! - row[i]!) ** 2)));
    };
  },
  outlierCount: (samples, features) => {
    const { mean, deviation } = momentsOf(samples, features);
    return (sample) => summed(features, (i) => (Math.abs(sample[i]! - mean[i]!) / deviation[i]! > 1.96 ? 1 : 0));
  },
  mahalanobis: (samples, features) => {
    const { mean } = momentsOf(samples, features);
    const factor = covarianceFactor(samples, features, mean);
    const work = new Float64Array(features);
    return (sample) => mahalanobis(factor, difference(sample, mean), work);
  },
  filteredManhattan: (samples, features) => {
    const { mean, deviation } = momentsOf(samples, features);
    const kept = mean.map((middle, i) =>
      meanOf(column(samples, features, i).filter((it) => Math.abs(it - middle) <= 3 * deviation[i]!)),
    );
    return (sample) => summed(features, (i) => Math.abs(sample[i]! - kept[i]!));
  },
  manhattan: (samples, features) => {
    const { mean } = momentsOf(samples, features);
    return (sample) => summed(features, (i) => Math.abs(sample[i]! - mean[i]!));
  },
  euclidean: (samples, features) => {
    const { mean } = momentsOf(samples, features);
    return (sample) => summed(features, (i) => (sample[i]! - mean[i]!) ** 2);
  },
};
