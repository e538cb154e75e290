/**
 * Complementary error function, to about 15 digits: a Taylor series near 0, a continued fraction beyond.
 *
 * @param x any real number
 */
export const erfc = (x: number): number => {
  if (x < 0) return 2 - erfc(-x);
  // The series without terms that cancel: exp(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n+1)!!.
  if (x < 2.5) return 1 - (2 / Math.sqrt(Math.PI)) * series(x);
  if (x > 27) return 0;
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
};

const series = (x: number): number => {
  let term = x;
  let sum = x;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return Math.exp(-x * x) * sum;
};

/** Probability that a standard normal variable exceeds `z`. */
export const normalTail = (z: number): number => 0.5 * erfc(z / Math.SQRT2);
