/** A logistic curve: risk is 1 / (1 + e^(−slope·(x − centre))). */
export interface RiskCurve {
  readonly slope: number;
  readonly centre: number;
}

/** The logistic function. */
export const sigmoid = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));

/** Curves by samples in a session, fewest first. */
export type RiskCurves = readonly (readonly [samples: number, curve: RiskCurve])[];

/**
 * Curves of the statistical verifier of keystrokes, x being the mean of ln distance over a session's attempts; fitted on
 * the training parts of CMU's benchmark.
 */
export const keystrokeCurves: RiskCurves = [
  [1, { slope: 14.74, centre: 0.75 }],
  [2, { slope: 18, centre: 0.713 }],
  [3, { slope: 19.4, centre: 0.7 }],
  [5, { slope: 21, centre: 0.691 }],
];

/** The curve for so many samples: between those that were fitted on a straight line, beyond the last the last. */
export const curveAt = (curves: RiskCurves, samples: number): RiskCurve => {
  const after = curves.findIndex(([at]) => at >= samples);
  if (after < 0) return curves.at(-1)![1];
  const [to, high] = curves[after]!;
  if (after === 0) return high;
  const [from, low] = curves[after - 1]!;
  const share = (samples - from) / (to - from);
  return {
    slope: low.slope + share * (high.slope - low.slope),
    centre: low.centre + share * (high.centre - low.centre),
  };
};

/**
 * Log odds that a session is an impostor's, by the statistical verifier.
 *
 * @param distances of the session's samples, see `distance`; at least one
 * @param leniency by how much the centre of the curve is moved up
 * @param curves of the modality
 */
export const statisticalLogOdds = (
  distances: readonly number[],
  leniency = 0,
  curves: RiskCurves = keystrokeCurves,
): number => {
  const { slope, centre } = curveAt(curves, distances.length);
  const level = distances.reduce((sum, it) => sum + Math.log(Math.max(it, 1e-6)), 0) / distances.length;
  return slope * (level - centre - leniency);
};

/**
 * Log odds that a session is an impostor's, by the comparator: the sum over attempts, over the root of their number, since
 * attempts of one session are alike.
 *
 * @param logits of the session's attempts; at least one
 */
export const comparatorLogOdds = (logits: readonly number[]): number =>
  logits.reduce((sum, it) => sum + it, 0) / Math.sqrt(logits.length);
