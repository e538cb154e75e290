import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultAnomalyParameters } from '../../../models/anomaly/parameters.ts';
import { createReference } from '../../../models/anomaly/reference.ts';
import { stateLayout } from '../../../models/anomaly/state.ts';
import { createRandom } from '../../../models/training/random.ts';

const layout = stateLayout(24, 12, 32);
const parameters = defaultAnomalyParameters;
const uniform = (random: ReturnType<typeof createRandom>): number => -Math.log10(Math.max(1e-12, 1 - random.next()));
const share = (values: readonly number[], p: number): number =>
  values.filter((value) => value >= -Math.log10(p)).length / values.length;

test('createReference() leaves p-values alone that are uniform already', () => {
  const random = createRandom(1);
  const reference = createReference(layout, parameters);
  const state = new Float32Array(layout.size);
  const own = Array.from({ length: 20_000 }, () => reference.of(state, 0, uniform(random)));
  for (const p of [0.05, 0.01, 0.001])
    assert.ok(share(own, p) > p / 1.6 && share(own, p) < p * 1.6, `${share(own, p)}`);
});

test('createReference() makes a restless subject keep the promise after its first windows, and a calm one half-way', () => {
  // The cohort's windows never fade: a calm subject deviates less often than promised, but much more often than without.
  for (const { factor, least } of [
    { factor: 2.5, least: 0.6 },
    { factor: 0.6, least: 0.4 },
  ]) {
    const random = createRandom(2);
    const reference = createReference(layout, parameters);
    const state = new Float32Array(layout.size);
    const before: number[] = [];
    const own: number[] = [];
    for (let window = 0; window < 12_000; window++) {
      const surprise = uniform(random) * factor;
      const adapted = reference.of(state, 0, surprise);
      if (window < 1000) continue;
      before.push(surprise);
      own.push(adapted);
    }
    const off = share(before, 0.01) / 0.01;
    assert.ok(off > 5 || off < 0.2, 'the cohort does not fit the subject');
    assert.ok(share(own, 0.01) > 0.01 * least && share(own, 0.01) < 0.01 * 1.7, `${factor}: ${share(own, 0.01)}`);
  }
});

test('createReference() holds a deviation back while it lasts, and nobody gets more relief than is allowed', () => {
  const random = createRandom(3);
  const reference = createReference(layout, parameters);
  const state = new Float32Array(layout.size);
  for (let window = 0; window < 500; window++) reference.of(state, 0, uniform(random));
  const during = Array.from({ length: parameters.referenceDelay }, () => reference.of(state, 0, 5));
  assert.ok(Math.min(...during) >= -Math.log10(parameters.alarmP), `${Math.min(...during)}`);
  for (let window = 0; window < 20_000; window++)
    assert.ok(reference.of(state, 0, 6) >= 6 - parameters.mostRelief - 1e-9);
});

test('createReference() rises with the surprise and stays finite, whatever it has learned', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 300 }), (surprises) => {
      const reference = createReference(layout, parameters);
      const state = new Float32Array(layout.size);
      for (const surprise of surprises) reference.of(state, 0, surprise);
      let last = -1;
      for (let surprise = 0; surprise < 14; surprise += 0.11) {
        const value = reference.of(state.slice(), 0, surprise);
        assert.ok(Number.isFinite(value) && value >= last - 1e-6, `${surprise}: ${value} after ${last}`);
        last = value;
      }
    }),
    { numRuns: 50 },
  );
});
