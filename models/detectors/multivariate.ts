import type { Detector, DetectorStream } from './detector.ts';
import { type JointForecast, type JointForecastStream, ridgeForecast } from './jointForecast.ts';
import { cholesky, crossMoments, mahalanobis } from './linear.ts';
import { type PrincipalResidual, principalResidual } from './principalResidual.ts';
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
  /** Exponentially weighted means whose logarithm is the score. */
  rates: [0.2, 0.03],
} as const;

/** Which residuals are joined. */
export interface MultivariateParts {
  readonly principal: boolean;
  /** Makes a forecaster of the next row and the 20th after it from standardised benign rows. */
  readonly forecast?: (fit: Float64Array, metrics: number) => JointForecast | Promise<JointForecast>;
  /** Whether the forecast 20 rows ahead counts. */
  readonly far?: boolean;
  /** Whether the forecast of the next row counts. */
  readonly next?: boolean;
}

/** Residuals less their slow mean, so that a lasting shift is forgiven in days and not in hours. */
class SlowMean {
  readonly #mean: Float64Array;
  constructor(size: number) {
    this.#mean = new Float64Array(size);
  }
  remove(residual: Float64Array): void {
    const { slowRate, slowMost } = multivariateParameters;
    for (let i = 0; i < residual.length; i++) {
      residual[i]! -= this.#mean[i]!;
      this.#mean[i]! += slowRate * Math.min(slowMost, Math.max(-slowMost, residual[i]!));
    }
  }
}

const squaredLength = (x: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! ** 2;
  return sum;
};

/** Turns a standardised row into energies, one a kind of residual. */
class Energies {
  readonly #parts: MultivariateParts;
  readonly #metrics: number;
  readonly #principal: PrincipalResidual | undefined;
  readonly #forecast: JointForecastStream | undefined;
  readonly #residual: Float64Array;
  readonly #work: Float64Array;
  readonly #slow: readonly SlowMean[];
  #factor: Float64Array | undefined;

  constructor(metrics: number, fit: Float64Array, parts: MultivariateParts, forecast?: JointForecast) {
    this.#parts = parts;
    this.#metrics = metrics;
    if (parts.principal) this.#principal = principalResidual(fit, metrics, multivariateParameters.variance);
    this.#forecast = forecast?.begin();
    this.#residual = new Float64Array(metrics);
    this.#work = new Float64Array(metrics);
    this.#slow = [new SlowMean(metrics), new SlowMean(metrics), new SlowMean(metrics)];
  }

  /**
   * @param row standardised
   * @param watch gets each residual of the forecast of the next row
   */
  of(row: Float64Array, watch?: (residual: Float64Array) => void): number[] {
    const residual = this.#residual;
    const energies: number[] = [];
    if (this.#principal) {
      this.#principal(row, residual);
      this.#slow[0]!.remove(residual);
      energies.push(squaredLength(residual));
    }
    const forecast = this.#forecast;
    if (!forecast) return energies;
    if (this.#parts.far !== false) {
      for (let i = 0; i < this.#metrics; i++) residual[i] = row[i]! - forecast.far[i]!;
      this.#slow[1]!.remove(residual);
      energies.push(squaredLength(residual));
    }
    if (this.#parts.next !== false) {
      for (let i = 0; i < this.#metrics; i++) residual[i] = row[i]! - forecast.next[i]!;
      this.#slow[2]!.remove(residual);
      watch?.(residual);
      energies.push(this.#factor ? mahalanobis(this.#factor, residual, this.#work) : 0);
    }
    forecast.advance(row);
    return energies;
  }

  /**
   * Learn how residuals of the next row vary together.
   *
   * @param residuals rows × metrics
   * @returns mean energy of these residuals
   */
  learnCovariance(residuals: Float64Array): number {
    const metrics = this.#metrics;
    const covariance = crossMoments(residuals, metrics, residuals, metrics);
    for (let i = 0; i < metrics; i++) covariance[i * metrics + i]! += multivariateParameters.ridge;
    this.#factor = cholesky(covariance, metrics);
    let sum = 0;
    for (let at = 0; at < residuals.length; at += metrics)
      sum += mahalanobis(this.#factor, residuals.subarray(at, at + metrics), this.#work);
    return sum / Math.max(1, residuals.length / metrics);
  }
}

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
  const { fitShare, rates } = multivariateParameters;
  const rows = learning.length / metrics;
  const fitRows = Math.max(1, Math.floor(rows * fitShare));
  const standard = learnStandard(learning.subarray(0, fitRows * metrics), metrics);
  const all = standardise(learning, standard);
  const fit = all.subarray(0, fitRows * metrics);
  const forecast = await parts.forecast?.(fit, metrics);
  const energies = new Energies(metrics, fit, parts, forecast);

  const rowAt = (row: number) => all.subarray(row * metrics, (row + 1) * metrics);
  for (let row = 0; row < fitRows; row++) energies.of(rowAt(row));
  const residuals = new Float64Array(forecast && parts.next !== false ? learning.length - fit.length : 0);
  const calibrationRows = Math.max(1, rows - fitRows);
  const means: number[] = [];
  for (let row = fitRows; row < rows; row++) {
    const keep = (residual: Float64Array) => residuals.set(residual, (row - fitRows) * metrics);
    energies.of(rowAt(row), keep).forEach((energy, i) => {
      means[i] = (means[i] ?? 0) + energy / calibrationRows;
    });
  }
  if (residuals.length > 0) means[means.length - 1] = energies.learnCovariance(residuals);

  const z = new Float64Array(metrics);
  const smoothed = rates.map(() => means.length);
  return {
    score(values) {
      standardise(values, standard, z);
      let total = 0;
      energies.of(z).forEach((energy, i) => {
        total += energy / Math.max(means[i]!, 1e-9);
      });
      let sum = 0;
      rates.forEach((rate, i) => {
        smoothed[i]! += rate * (total - smoothed[i]!);
        sum += smoothed[i]!;
      });
      return Math.log(Math.max(sum, 1e-12));
    },
  };
};

/** A detector of joint behaviour. */
export const multivariate = (summary: string, parts: MultivariateParts): Detector => ({
  summary,
  begin: ({ metrics }, learning) => watchMany(metrics, learning ?? new Float64Array(metrics), parts),
});

/** Principal components and a linear forecast: the statistics of many metrics. */
export const linearParts: MultivariateParts = { principal: true, forecast: ridgeForecast };
