import type { DetectorStream } from './detector.ts';
import type { JointForecast, JointForecastStream } from './jointForecast.ts';
import { cholesky, crossMoments, mahalanobis } from './linear.ts';
import { principalResidual } from './principalResidual.ts';
import { learnStandard, standardise } from './standardise.ts';

/** How residuals become a score; the same for every machine. */
export const multivariateParameters = {
  /** Share of the learning rows that fits; the rest calibrates. */
  fitShare: 0.8,
  /** Share of the variance that principal components keep. */
  variance: 0.9,
  /** How fast the slow mean follows, and at most how far a row moves it. */
  slowRate: 1 / 5000,
  slowMost: 0.5,
  /** Added to the covariance of forecast residuals. */
  ridge: 0.05,
  /** Exponentially weighted means of each energy, whose logarithms are summed. */
  rates: [0.3, 0.03, 0.005],
  /** Added to means before the logarithm: a silence below usual says little. */
  floor: 0.1,
} as const;

/** Makes a forecaster of the next row and of the 20th after it from standardised benign rows. */
export type FitForecast = (fit: Float64Array, metrics: number) => JointForecast | Promise<JointForecast>;

/** Which residuals are joined. */
export interface MultivariateParts {
  /** What principal components leave. */
  readonly principal: boolean;
  /** What forecasters miss, each one row and twenty rows ahead. */
  readonly forecasts: readonly FitForecast[];
  /** Whether the baseline stays as it was learned: nothing that lasts is ever forgiven. @default false */
  readonly anchored?: boolean;
}

/** Residuals less their slow mean, so that a lasting shift is forgiven in days and not in hours. */
class SlowMean {
  readonly #mean: Float64Array;
  readonly #rate: number;

  constructor(size: number, anchored: boolean) {
    this.#mean = new Float64Array(size);
    this.#rate = anchored ? 0 : multivariateParameters.slowRate;
  }

  remove(residual: Float64Array): void {
    const { slowMost } = multivariateParameters;
    for (let i = 0; i < residual.length; i++) {
      residual[i]! -= this.#mean[i]!;
      this.#mean[i]! += this.#rate * Math.min(slowMost, Math.max(-slowMost, residual[i]!));
    }
  }
}

const squaredLength = (x: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! ** 2;
  return sum;
};

/** What a forecaster misses: far ahead as a squared length, one row ahead as a Mahalanobis distance. */
class Missed {
  readonly #stream: JointForecastStream;
  readonly #residual: Float64Array;
  readonly #work: Float64Array;
  readonly #slowFar: SlowMean;
  readonly #slowNext: SlowMean;
  #collected: number[] | undefined = [];
  #factor: Float64Array | undefined;

  constructor(metrics: number, forecast: JointForecast, anchored: boolean) {
    this.#stream = forecast.begin();
    this.#residual = new Float64Array(metrics);
    this.#work = new Float64Array(metrics);
    this.#slowFar = new SlowMean(metrics, anchored);
    this.#slowNext = new SlowMean(metrics, anchored);
  }

  /** Forget residuals collected so far: calibration begins. */
  calibrate(): void {
    this.#collected = [];
  }

  /**
   * Learn how the residuals since {@link calibrate} vary together.
   *
   * @returns their mean energy
   */
  learnCovariance(): number {
    const metrics = this.#residual.length;
    const residuals = Float64Array.from(this.#collected ?? []);
    this.#collected = undefined;
    const covariance = crossMoments(residuals, metrics, residuals, metrics);
    for (let i = 0; i < metrics; i++) covariance[i * metrics + i]! += multivariateParameters.ridge;
    this.#factor = cholesky(covariance, metrics);
    let sum = 0;
    for (let at = 0; at < residuals.length; at += metrics)
      sum += mahalanobis(this.#factor, residuals.subarray(at, at + metrics), this.#work);
    return sum / Math.max(1, residuals.length / metrics);
  }

  /** Energies far ahead and one row ahead; the latter 0 before the covariance is known. */
  of(row: Float64Array): [number, number] {
    const { far, next } = this.#stream;
    const residual = this.#residual;
    for (let i = 0; i < row.length; i++) residual[i] = row[i]! - far[i]!;
    this.#slowFar.remove(residual);
    const farEnergy = squaredLength(residual);
    for (let i = 0; i < row.length; i++) residual[i] = row[i]! - next[i]!;
    this.#slowNext.remove(residual);
    if (this.#collected) for (const value of residual) this.#collected.push(value);
    this.#stream.advance(row);
    return [farEnergy, this.#factor ? mahalanobis(this.#factor, residual, this.#work) : 0];
  }
}

/** Energies of standardised rows, in the unit of their calibration. */
const createEnergies = async (metrics: number, all: Float64Array, fitRows: number, parts: MultivariateParts) => {
  const fit = all.subarray(0, fitRows * metrics);
  const rows = all.length / metrics;
  const principal = parts.principal ? principalResidual(fit, metrics, multivariateParameters.variance) : undefined;
  const anchored = parts.anchored === true;
  const slow = new SlowMean(metrics, anchored);
  const residual = new Float64Array(metrics);
  const missed: Missed[] = [];
  for (const make of parts.forecasts) missed.push(new Missed(metrics, await make(fit, metrics), anchored));
  const means = new Float64Array((principal ? 1 : 0) + 2 * missed.length);
  const energies = new Float64Array(means.length);
  const take = (row: Float64Array): void => {
    let at = 0;
    if (principal) {
      principal(row, residual);
      slow.remove(residual);
      energies[at++] = squaredLength(residual);
    }
    for (const one of missed) [energies[at++], energies[at++]] = one.of(row);
  };
  for (let row = 0; row < rows; row++) {
    if (row === fitRows) for (const one of missed) one.calibrate();
    take(all.subarray(row * metrics, (row + 1) * metrics));
    if (row >= fitRows) for (let i = 0; i < means.length; i++) means[i]! += energies[i]! / (rows - fitRows);
  }
  missed.forEach((one, i) => {
    means[(principal ? 1 : 0) + 2 * i + 1] = one.learnCovariance();
  });
  return (row: Float64Array): Float64Array => {
    take(row);
    for (let i = 0; i < means.length; i++) energies[i]! /= Math.max(means[i]!, 1e-9);
    return energies;
  };
};

/**
 * Watch several metrics jointly, after learning from benign rows.
 *
 * @param learning rows × metrics; the stream goes on behind them
 */
export const watchMany = async (
  metrics: number,
  learning: Float64Array,
  parts: MultivariateParts,
): Promise<DetectorStream> => {
  const { fitShare, rates, floor } = multivariateParameters;
  const fitRows = Math.max(1, Math.floor((learning.length / metrics) * fitShare));
  const standard = learnStandard(learning.subarray(0, fitRows * metrics), metrics);
  const energiesOf = await createEnergies(metrics, standardise(learning, standard), fitRows, parts);
  const z = new Float64Array(metrics);
  const smoothed = rates.map(() => new Float64Array(Number(parts.principal) + 2 * parts.forecasts.length).fill(1));
  return {
    score(values) {
      const energies = energiesOf(standardise(values, standard, z));
      let sum = 0;
      rates.forEach((rate, i) => {
        const means = smoothed[i]!;
        for (let j = 0; j < energies.length; j++) {
          means[j]! += rate * (energies[j]! - means[j]!);
          sum += Math.log(means[j]! + floor);
        }
      });
      return sum / (rates.length * energies.length);
    },
  };
};
