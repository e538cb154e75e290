import { RollingReference } from './rollingReference.ts';

/** How scores become p-values; see docs/evaluation.md for what each choice does. */
export const conformalParameters = {
  capacity: 10_000,
  share: 0.05,
  least: 5,
  shape: 0.1,
  /** Rows less probable than this enter the reference every second time only. */
  rare: 0.001,
} as const;

/**
 * Turns raw scores into p-values that keep their promise while the stream changes: rank among the last ten thousand
 * scores, beyond them a Pareto tail. What is very strange enters the reference every second time, so that a long anomaly
 * becomes usual slowly.
 */
export class Conformal {
  readonly #reference = new RollingReference(conformalParameters);
  #skip = false;

  /** @param calibration scores of benign rows */
  constructor(calibration: Float64Array) {
    for (const score of calibration) this.#reference.insert(score);
  }

  /** The p-value of the next score, which is then remembered. */
  next(score: number): number {
    const p = this.#reference.upper(score);
    if (p < conformalParameters.rare) {
      this.#skip = !this.#skip;
      if (this.#skip) return p;
    }
    this.#reference.insert(score);
    return p;
  }
}

/** P-values against calibration scores alone, which never change: what adapting is compared with. */
export const frozenPValues = (calibration: Float64Array, scores: Float64Array): Float64Array => {
  const reference = new RollingReference({ ...conformalParameters, capacity: Math.max(1, calibration.length) });
  for (const score of calibration) reference.insert(score);
  return scores.map((score) => reference.upper(score));
};
