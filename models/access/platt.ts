/** A line through logits, so that chances are frequencies (Platt 1999). */
export interface Platt {
  readonly slope: number;
  readonly offset: number;
}

/** The chance of a logit. */
export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** The logit of a chance, which is kept from 0 and 1. */
export const logit = (p: number): number => {
  const kept = Math.min(1 - 1e-6, Math.max(1e-6, p));
  return Math.log(kept / (1 - kept));
};

/** A calibrated logit. */
export const calibrated = ({ slope, offset }: Platt, z: number): number => slope * z + offset;

/** Outcomes that the line is pulled towards 1 and 0 by, in rows. */
const ridge = 5;

/**
 * Fit the line by Newton's method on the likelihood, with a pull to slope 1 and offset 0 that matters for few rows.
 *
 * @param logits one a row
 * @param outcomes 0 or 1 a row
 */
export const fitPlatt = (logits: ArrayLike<number>, outcomes: ArrayLike<number>): Platt => {
  let [slope, offset] = [1, 0];
  for (let round = 0; round < 30; round++) {
    let [gs, go] = [ridge * (slope - 1), ridge * 0.01 * offset];
    let [ss, so, oo] = [ridge, 0, ridge * 0.01];
    for (let row = 0; row < outcomes.length; row++) {
      const z = logits[row]!;
      const p = sigmoid(slope * z + offset);
      const residual = p - outcomes[row]!;
      const curve = p * (1 - p);
      gs += residual * z;
      go += residual;
      ss += curve * z * z;
      so += curve * z;
      oo += curve;
    }
    const determinant = ss * oo - so * so;
    const stepSlope = (oo * gs - so * go) / determinant;
    const stepOffset = (ss * go - so * gs) / determinant;
    slope -= stepSlope;
    offset -= stepOffset;
    if (Math.abs(stepSlope) + Math.abs(stepOffset) < 1e-9) break;
  }
  // A falling line would turn the ranking around.
  return { slope: Math.max(0.05, slope), offset };
};
