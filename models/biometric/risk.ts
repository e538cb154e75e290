/** A logistic curve: risk is 1 / (1 + e^(−slope·(x − centre))). */
export interface RiskCurve {
  readonly slope: number;
  readonly centre: number;
}

/** The logistic function. */
export const sigmoid = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));

/**
 * Curves of the statistical verifier by attempts in a session, x being the mean of ln distance over them; fitted on the
 * training parts of CMU's benchmark.
 */
const curves: readonly (readonly [attempts: number, curve: RiskCurve])[] = [
  [1, { slope: 14.74, centre: 0.75 }],
  [2, { slope: 18, centre: 0.713 }],
  [3, { slope: 19.4, centre: 0.7 }],
  [5, { slope: 21, centre: 0.691 }],
];

/** The curve for so many attempts: between those that were fitted on a straight line, beyond the last the last. */
export const statisticalCurve = (attempts: number): RiskCurve => {
  const after = curves.findIndex(([at]) => at >= attempts);
  if (after < 0) return curves.at(-1)![1];
  const [to, high] = curves[after]!;
  if (after === 0) return high;
  const [from, low] = curves[after - 1]!;
  const share = (attempts - from) / (to - from);
  return {
    slope: low.slope + share * (high.slope - low.slope),
    centre: low.centre + share * (high.centre - low.centre),
  };
};

/**
 * Log odds that a session is an impostor's, by the statistical verifier.
 *
 * @param distances of the session's attempts, see `distance`; at least one
 * @param leniency by how much the centre of the curve is moved up
 */
export const statisticalLogOdds = (distances: readonly number[], leniency = 0): number => {
  const { slope, centre } = statisticalCurve(distances.length);
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
