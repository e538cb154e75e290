import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Conformal, frozenPValues } from '../../../models/detectors/conformal.ts';
import { createRandom } from '../../../models/training/random.ts';

const noise = (count: number, seed: number, shift = 0): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => shift + random.normal());
};

const share = (p: Float64Array, rate: number): number => p.filter((it) => it <= rate).length / p.length;

suite('Conformal', () => {
  test('keeps its promise on the distribution it was calibrated on', () => {
    const conformal = new Conformal(noise(5000, 1));
    const p = noise(30_000, 2).map((score) => conformal.next(score));
    for (const rate of [0.01, 0.05]) {
      const ratio = share(p, rate) / rate;
      assert.ok(ratio > 1 / 1.5 && ratio < 1.5, `${ratio} at ${rate}`);
    }
    // The tail is taken to be heavier than a normal one: cautious where the data are tame.
    assert.ok(share(p, 0.001) < 0.0015);
  });

  test('finds its way back to the promise after a shift, where frozen p-values never do', () => {
    const calibration = noise(5000, 1);
    const shifted = noise(40_000, 2, 1);
    const conformal = new Conformal(calibration);
    const late = shifted.map((score) => conformal.next(score)).subarray(20_000);
    assert.ok(share(late, 0.01) < 0.015);
    assert.ok(share(frozenPValues(calibration, shifted), 0.01) > 0.03);
  });

  test('takes what is very strange half as fast', () => {
    const conformal = new Conformal(noise(2000, 1));
    const storm = Float64Array.from({ length: 100 }, () => conformal.next(1000));
    assert.ok(storm[0]! < 1e-4);
    // Fifty of them are remembered by the end, not a hundred.
    assert.ok(storm[99]! < 0.03, `${storm[99]}`);
  });
});
