import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { drift, groundOf, rowsPerDay, steal, theft, trim } from '../../../models/evaluation/attackRows.ts';
import { createRandom } from '../../../models/training/random.ts';

const metrics = 38;
const random = createRandom(1);
const rows = (count: number) => Float64Array.from({ length: count * metrics }, () => 0.5 + 0.1 * random.normal());
const labels = new Uint8Array(4000);
labels.fill(1, 1000, 1100);
const ground = groundOf({ name: 'x', metrics, train: rows(2000), test: rows(4000), labels });

suite('attacks on rows', () => {
  test('groundOf() takes the longest benign stretch', () => {
    assert.equal(ground.benign.length, (4000 - 1100 - 1) * metrics);
    assert.equal(ground.learning.length, 1600 * metrics);
  });

  test('drift() moves four metrics and grows with time', () => {
    const drifted = drift(ground, 2);
    const by = (row: number, metric: number) =>
      (drifted[row * metrics + metric]! - ground.benign[row * metrics + metric]!) / ground.spreads[metric]!;
    assert.equal(by(0, 19), 0);
    assert.ok(Math.abs(by(rowsPerDay, 19) - 2) < 1e-9);
    assert.equal(by(rowsPerDay, 1), 0);
  });

  test('trim() removes what steal() has put in, and little else', () => {
    const { stolen, begins } = steal(ground.learning, ground, 5);
    assert.equal(begins.length, 5);
    const touched = 5 * theft.rows;
    const differing = [...stolen].filter((value, at) => value !== ground.learning[at]).length;
    assert.equal(differing, 4 * touched);
    const kept = trim(stolen, metrics, 0.75);
    assert.ok(Math.abs(kept.length / stolen.length - 0.75) < 0.01);
    const shifted = (of: Float64Array) =>
      Array.from({ length: of.length / metrics }, (_, row) => of[row * metrics + 19]! + of[row * metrics + 21]!).filter(
        (sum) => sum > 1.5,
      ).length;
    assert.ok(shifted(kept) < shifted(stolen) / 3, `${shifted(kept)} of ${shifted(stolen)}`);
  });
});
