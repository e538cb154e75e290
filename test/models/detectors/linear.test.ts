import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { cholesky, crossMoments, mahalanobis, solve, symmetricEigen } from '../../../models/detectors/linear.ts';
import { createRandom } from '../../../models/training/random.ts';

const size = 12;
const near = (a: number, b: number, tolerance = 1e-9) => assert.ok(Math.abs(a - b) < tolerance, `${a} is not ${b}`);

const positiveDefinite = (): Float64Array => {
  const random = createRandom(8);
  const rows = Float64Array.from({ length: 40 * size }, () => random.normal());
  return crossMoments(rows, size, rows, size);
};

suite('linear algebra', () => {
  test('symmetricEigen() gives orthonormal vectors that the matrix only stretches, longest first', () => {
    const matrix = positiveDefinite();
    const { values, vectors } = symmetricEigen(matrix, size);
    assert.deepEqual(
      [...values],
      [...values].sort((a, b) => b - a),
    );
    for (let k = 0; k < size; k++) {
      const vector = vectors.subarray(k * size, (k + 1) * size);
      for (let i = 0; i < size; i++) {
        let product = 0;
        for (let j = 0; j < size; j++) product += matrix[i * size + j]! * vector[j]!;
        near(product, values[k]! * vector[i]!);
      }
      for (let other = 0; other < size; other++)
        near(
          vector.reduce((sum, value, i) => sum + value * vectors[other * size + i]!, 0),
          k === other ? 1 : 0,
        );
    }
  });

  test('solve() undoes the matrix, and mahalanobis() is x·A⁻¹·x', () => {
    const matrix = positiveDefinite();
    const factor = cholesky(matrix, size);
    const x = Float64Array.from({ length: size }, (_, i) => i - 4);
    const right = Float64Array.from({ length: size }, (_, i) =>
      x.reduce((sum, value, j) => sum + matrix[i * size + j]! * value, 0),
    );
    solve(factor, size, right, 1).forEach((value, i) => void near(value, x[i]!, 1e-7));
    const expected = solve(factor, size, x, 1).reduce((sum, value, i) => sum + value * x[i]!, 0);
    near(mahalanobis(factor, x, new Float64Array(size)), expected, 1e-6);
  });

  test('cholesky() refuses what is not positive definite', () =>
    assert.throws(() => cholesky(Float64Array.of(1, 2, 2, 1), 2), RangeError));
});
