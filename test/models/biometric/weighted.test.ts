import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recencyWeights, weightedQuantile } from '../../../models/biometric/weighted.ts';

test('recencyWeights() sum to one, fall by e over the memory, and weigh the last most', () => {
  const weights = recencyWeights(100, 25);
  assert.ok(Math.abs(weights.reduce((sum, it) => sum + it, 0) - 1) < 1e-12);
  assert.ok(Math.abs(weights[99]! / weights[74]! - Math.E) < 1e-9);
});

test('weightedQuantile() finds what sorting finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 9 })), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (pairs, share) => {
        const total = pairs.reduce((sum, [, weight]) => sum + weight, 0);
        const sorted = pairs.toSorted(([a], [b]) => a - b);
        let reached = 0;
        const expected = sorted.find(([, weight]) => {
          reached += weight / total;
          return reached >= share - 1e-9;
        });
        const found = weightedQuantile(
          Float64Array.from(pairs, ([value]) => value),
          Float64Array.from(pairs, ([, weight]) => weight / total),
          share - 1e-9,
        );
        assert.equal(found, (expected ?? sorted.at(-1)!)[0]);
      },
    ),
  );
});
