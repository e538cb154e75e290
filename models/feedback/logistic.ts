/** One observation of a logistic regression. */
export interface Observation {
  /** Features. */
  readonly x: Float64Array;
  /** Log-odds that are given beforehand: what the regression corrects. */
  readonly offset: number;
  readonly y: 0 | 1;
  readonly weight: number;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Solve a·x = b for a symmetric, positive definite a (Cholesky); both are overwritten. */
const solve = (a: Float64Array[], b: Float64Array): Float64Array => {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k++) sum -= a[i]![k]! * a[j]![k]!;
      a[i]![j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / a[j]![j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i]! -= a[i]![k]! * b[k]!;
    b[i]! /= a[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i]! -= a[k]![i]! * b[k]!;
    b[i]! /= a[i]![i]!;
  }
  return b;
};

/** Longest step of a coefficient. */
const longestStep = 4;

/** Penalised log loss. */
const objective = (observations: readonly Observation[], penalties: Float64Array, theta: Float64Array): number => {
  let loss = theta.reduce((sum, value, i) => sum + (penalties[i]! * value * value) / 2, 0);
  for (const { x, offset, y, weight } of observations) {
    let z = offset;
    for (let i = 0; i < theta.length; i++) z += theta[i]! * x[i]!;
    const against = y === 1 ? -z : z;
    loss += weight * (against > 30 ? against : Math.log1p(Math.exp(against)));
  }
  return loss;
};

/**
 * Fit coefficients of a logistic regression with given log-odds as offset, by Newton's method, each coefficient drawn to
 * zero by its penalty: without data, and with all penalties infinite, nothing is corrected.
 *
 * @param penalties one a feature, above 0
 */
export const fitLogistic = (observations: readonly Observation[], penalties: Float64Array): Float64Array => {
  const n = penalties.length;
  let theta = new Float64Array(n);
  let reached = objective(observations, penalties, theta);
  for (let round = 0; round < 100; round++) {
    const gradient = theta.map((value, i) => -penalties[i]! * value);
    const hessian = Array.from({ length: n }, (_, i) => {
      const row = new Float64Array(n);
      row[i] = penalties[i]!;
      return row;
    });
    for (const { x, offset, y, weight } of observations) {
      let z = offset;
      for (let i = 0; i < n; i++) z += theta[i]! * x[i]!;
      const p = sigmoid(z);
      const curvature = weight * Math.max(p * (1 - p), 1e-6);
      for (let i = 0; i < n; i++) {
        const xi = x[i]!;
        if (xi === 0) continue;
        gradient[i]! += weight * (y - p) * xi;
        const row = hessian[i]!;
        for (let j = 0; j <= i; j++) row[j]! += curvature * xi * x[j]!;
      }
    }
    const step = solve(hessian, gradient);
    const largest = step.reduce((most, change) => Math.max(most, Math.abs(change)), 0);
    // Where scores are at their ends the curvature is next to none, and a whole step leaps far beyond.
    let scale = Math.min(1, longestStep / largest);
    let next = theta.map((value, i) => value + scale * step[i]!);
    let found = objective(observations, penalties, next);
    for (let halving = 0; halving < 30 && found > reached; halving++) {
      scale /= 2;
      next = theta.map((value, i) => value + scale * step[i]!);
      found = objective(observations, penalties, next);
    }
    if (!(found < reached - 1e-9 * Math.abs(reached))) break;
    theta = next;
    reached = found;
  }
  return theta;
};
