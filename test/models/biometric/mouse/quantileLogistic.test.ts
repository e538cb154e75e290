import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaUnderRoc } from '../../../../models/biometric/errorRates.ts';
import {
  fitQuantileLogistic,
  quantileBounds,
  quantileLogit,
} from '../../../../models/biometric/mouse/quantileLogistic.ts';
import { createRandom } from '../../../../models/training/random.ts';

const drawn = (rows: number, shift: number, seed: number): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length: rows * 2 }, (_, i) => random.normal() + (i % 2 === 0 ? shift : 0));
};

test('quantileBounds() cut a feature into tenths', () => {
  const bounds = quantileBounds(
    Float64Array.from({ length: 100 }, (_, i) => i),
    1,
  );
  assert.deepEqual(bounds, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
});

test('fitQuantileLogistic() tells a person from others, and the same seed gives the same weights', () => {
  const model = fitQuantileLogistic(drawn(500, 0, 1), drawn(1500, 2, 2), 2);
  assert.deepEqual(fitQuantileLogistic(drawn(500, 0, 1), drawn(1500, 2, 2), 2), model);
  const scores = (rows: Float64Array) =>
    Array.from({ length: rows.length / 2 }, (_, i) => quantileLogit(model, rows.subarray(2 * i, 2 * i + 2)));
  const area = areaUnderRoc(scores(drawn(300, 0, 3)), scores(drawn(300, 2, 4)));
  assert.ok(area > 0.88, `${area}`);
});
