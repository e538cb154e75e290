import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  comparatorLogOdds,
  curveAt,
  keystrokeCurves,
  sigmoid,
  statisticalLogOdds,
} from '../../../models/biometric/risk.ts';

test('curveAt() goes through the fitted points, straight between them, flat beyond', () => {
  assert.deepEqual(curveAt(keystrokeCurves, 1), { slope: 14.74, centre: 0.75 });
  assert.deepEqual(curveAt(keystrokeCurves, 5), { slope: 21, centre: 0.691 });
  assert.ok(Math.abs(curveAt(keystrokeCurves, 4).slope - (19.4 + 21) / 2) < 1e-9);
  assert.deepEqual(curveAt(keystrokeCurves, 50), curveAt(keystrokeCurves, 5));
});

test('statisticalLogOdds() are 0 at the centre, rise with distance, fall with leniency', () => {
  const centre = Math.exp(0.75);
  assert.ok(Math.abs(statisticalLogOdds([centre])) < 1e-9);
  assert.ok(statisticalLogOdds([2 * centre]) > 0);
  assert.ok(Math.abs(statisticalLogOdds([centre], 0.1) + 1.474) < 1e-9);
  assert.ok(Number.isFinite(statisticalLogOdds([0])));
});

test('comparatorLogOdds() grow with the root of the number of attempts that agree', () => {
  assert.equal(comparatorLogOdds([1, 1, 1, 1]), 2);
  assert.equal(comparatorLogOdds([3, -3]), 0);
  assert.equal(sigmoid(0), 0.5);
});
