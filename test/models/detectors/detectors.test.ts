import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { chooseDetectors, detectors, type SeriesInfo } from '../../../models/detectors/index.ts';
import { runSeries } from '../../../models/evaluation/runSeries.ts';
import { createRandom } from '../../../models/training/random.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

const intervalMs = 300_000;
const length = 2400;
const times = Float64Array.from({ length }, (_, row) => row * intervalMs);
const single: SeriesInfo = { name: 'wave', metrics: 1, intervalMs, learningRows: 360 };

/** A daily wave with noise; from a row on it is far higher. */
const wave = (jumpAt = length, seed = 2): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from(
    { length },
    (_, row) =>
      50 + 10 * Math.sin((2 * Math.PI * row) / 288) + random.normal() + (row >= jumpAt && row < jumpAt + 30 ? 60 : 0),
  );
};

const metrics = 6;
/** Metrics that follow two hidden loads; from a row on one of them does not. */
const joint = (rows: number, breakAt: number, seed: number): Float64Array => {
  const random = createRandom(seed);
  const values = new Float64Array(rows * metrics);
  let [a, b] = [0, 0];
  for (let row = 0; row < rows; row++) {
    a = 0.95 * a + 0.3 * random.normal();
    b = 0.9 * b + 0.3 * random.normal();
    for (let i = 0; i < metrics; i++) {
      const broken = row >= breakAt && row < breakAt + 60 && i === 0;
      values[row * metrics + i] = 0.5 + 0.1 * ((broken ? -1 : 1) * (i % 2 ? a : b)) + 0.01 * random.normal();
      if (broken) values[row * metrics + i]! += 0.4;
    }
  }
  return values;
};

/** Every detector but chance finds an event that nobody could miss. */
const judging = Object.keys(detectors).filter((name) => name !== 'random');

suite('detectors', () => {
  for (const name of judging)
    test(`${name} scores a jump of one metric above the rows before it`, async () => {
      const { scores, statistics } = await runSeries(detectors[name]!, single, wave(2000), times);
      const usual = statistics.subarray(500, 2000).toSorted()[1470]!;
      const event = Math.max(...statistics.subarray(2000, 2030));
      assert.ok(event > usual, `${event} is not above ${usual}`);
      assert.ok(scores.every((score) => Number.isFinite(score)));
    });

  for (const name of judging)
    test(`${name} scores a break between metrics above the rows before it`, async () => {
      const learning = joint(2000, 9999, 1);
      const rows = joint(900, 700, 5);
      const info: SeriesInfo = { name: 'joint', metrics, intervalMs: 60_000, learningRows: 0 };
      const at = Float64Array.from({ length: 900 }, (_, row) => row * 60_000);
      const { scores } = await runSeries(detectors[name]!, info, rows, at, learning);
      const usual = scores.subarray(100, 700).toSorted()[540]!;
      assert.ok(Math.max(...scores.subarray(700, 760)) > usual);
    });

  for (const name of Object.keys(detectors))
    test(`${name} is causal and repeats itself: what comes later changes nothing`, async () => {
      const values = wave(1500);
      const whole = await runSeries(detectors[name]!, single, values, times);
      const part = await runSeries(detectors[name]!, single, values.subarray(0, 1600), times.subarray(0, 1600));
      assert.deepEqual(part.scores, whole.scores.subarray(0, 1600));
    });

  for (const name of Object.keys(detectors))
    test(`${name} survives a constant, missing values and gaps in time`, async () => {
      const values = new Float64Array(length).fill(7).map((value, row) => (row % 97 === 0 ? Number.NaN : value));
      const gaps = times.map((time, row) => time + Math.floor(row / 500) * 9e8);
      const { scores } = await runSeries(detectors[name]!, single, values, gaps);
      assert.ok(scores.every((score) => Number.isFinite(score)));
    });

  for (const name of Object.keys(detectors))
    test(`${name} survives several metrics with holes, one of them constant, and hardly anything to learn from`, async () => {
      const holes = (of: Float64Array) =>
        of.map((value, at) => (at % metrics === 2 ? 1 : at % 13 === 0 ? Number.NaN : value));
      const info: SeriesInfo = { name: 'holes', metrics, intervalMs: 60_000, learningRows: 0 };
      for (const rows of [2, 40]) {
        const learning = holes(joint(rows, 9999, 1));
        const { scores } = await runSeries(
          detectors[name]!,
          info,
          holes(joint(200, 150, 5)),
          times.subarray(0, 200),
          learning,
        );
        assert.ok(scores.every((score) => Number.isFinite(score)));
      }
    });

  test('chooseDetectors() names those there are when one is not', () => {
    assert.throws(
      () => chooseDetectors(['oracle']),
      (error) => isEbbtideError(error, 'REQUEST_INVALID') && /oracle.*ewma/.test(error.message),
    );
  });
});
