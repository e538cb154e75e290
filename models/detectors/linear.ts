/** Dense linear algebra on row-major arrays, as much as detectors need. */

/** Mean of the outer products of paired rows: xᵀ·y over their number. */
export const crossMoments = (x: Float64Array, columns: number, y: Float64Array, outputs: number): Float64Array => {
  const result = new Float64Array(columns * outputs);
  const count = x.length / columns;
  for (let row = 0; row < count; row++)
    for (let i = 0; i < columns; i++) {
      const value = x[row * columns + i]!;
      if (value === 0) continue;
      for (let j = 0; j < outputs; j++) result[i * outputs + j]! += value * y[row * outputs + j]!;
    }
  for (let i = 0; i < result.length; i++) result[i]! /= count;
  return result;
};

/**
 * Cholesky factor L of a positive definite matrix, A = L·Lᵀ.
 *
 * @throws RangeError when it is not positive definite
 */
export const cholesky = (matrix: Float64Array, size: number): Float64Array => {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      if (i === j && !(sum > 0)) throw new RangeError(`Matrix is not positive definite at row ${i}`);
      factor[i * size + j] = i === j ? Math.sqrt(sum) : sum / factor[j * size + j]!;
    }
  return factor;
};

/** Solve A·X = B for symmetric positive definite A, given its Cholesky factor. */
export const solve = (factor: Float64Array, size: number, right: Float64Array, columns: number): Float64Array => {
  const x = right.slice();
  for (let column = 0; column < columns; column++) {
    for (let i = 0; i < size; i++) {
      let sum = x[i * columns + column]!;
      for (let k = 0; k < i; k++) sum -= factor[i * size + k]! * x[k * columns + column]!;
      x[i * columns + column] = sum / factor[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = x[i * columns + column]!;
      for (let k = i + 1; k < size; k++) sum -= factor[k * size + i]! * x[k * columns + column]!;
      x[i * columns + column] = sum / factor[i * size + i]!;
    }
  }
  return x;
};

/** Squared Mahalanobis length xᵀ·A⁻¹·x, given the Cholesky factor of A. */
export const mahalanobis = (factor: Float64Array, x: Float64Array, work: Float64Array): number => {
  const size = x.length;
  let total = 0;
  for (let i = 0; i < size; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * size + k]! * work[k]!;
    work[i] = sum / factor[i * size + i]!;
    total += work[i]! ** 2;
  }
  return total;
};

/**
 * Eigenvectors of a symmetric matrix by Jacobi's rotations, largest eigenvalue first.
 *
 * @returns eigenvalues, and eigenvectors one a row
 */
export const symmetricEigen = (matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } => {
  const a = matrix.slice();
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  const rotate = (p: number, q: number): void => {
    const apq = a[p * size + q]!;
    const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
    const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    const c = 1 / Math.sqrt(t * t + 1);
    const s = t * c;
    for (let k = 0; k < size; k++) {
      const kp = a[k * size + p]!;
      const kq = a[k * size + q]!;
      a[k * size + p] = c * kp - s * kq;
      a[k * size + q] = s * kp + c * kq;
    }
    for (let k = 0; k < size; k++) {
      const pk = a[p * size + k]!;
      const qk = a[q * size + k]!;
      a[p * size + k] = c * pk - s * qk;
      a[q * size + k] = s * pk + c * qk;
      const vp = v[p * size + k]!;
      const vq = v[q * size + k]!;
      v[p * size + k] = c * vp - s * vq;
      v[q * size + k] = s * vp + c * vq;
    }
  };
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let all = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        all += a[i * size + j]! ** 2;
        if (i !== j) off += a[i * size + j]! ** 2;
      }
    if (off <= 1e-22 * all) break;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) if (Math.abs(a[p * size + q]!) > 1e-300) rotate(p, q);
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => a[j * size + j]! - a[i * size + i]!);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => void vectors.set(v.subarray(from * size, (from + 1) * size), to * size));
  return { values: Float64Array.from(order, (i) => a[i * size + i]!), vectors };
};
