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

/**
 * Fit coefficients of a logistic regression with given log-odds as offset, by Newton's method, each coefficient drawn to
 * zero by its penalty: without data, and with all penalties infinite, nothing is corrected.
 *
 * @param penalties one a feature, above 0
 */
export const fitLogistic = (observations: readonly Observation[], penalties: Float64Array): Float64Array => {
  const n = penalties.length;
  const theta = new Float64Array(n);
  for (let round = 0; round < 25; round++) {
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
    let largest = 0;
    for (let i = 0; i < n; i++) {
      // A step at most this long keeps Newton's method from leaping where classes can be told apart entirely.
      const change = Math.max(-2, Math.min(2, step[i]!));
      theta[i]! += change;
      largest = Math.max(largest, Math.abs(change));
    }
    if (largest < 1e-8) break;
  }
  return theta;
};
