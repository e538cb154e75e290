import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logTimings } from '../../../models/biometric/keystrokes.ts';
import { distance } from '../../../models/biometric/statistical.ts';
import { makeTemplate } from '../../../models/biometric/template.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { inventedTyping } from './people.ts';

const { timings, typists } = inventedTyping(6, 120);
const logs = typists.map(({ seconds }) => logTimings(seconds, timings));
const sample = (person: number, repetition: number) =>
  logs[person]!.subarray(repetition * timings, (repetition + 1) * timings);

test('distance() is smaller for whoever the template is of', () => {
  const template = makeTemplate(logs[0]!.subarray(0, 100 * timings), timings);
  const own = Array.from({ length: 20 }, (_, i) => distance(template, sample(0, 100 + i)));
  const others = [1, 2, 3, 4, 5].flatMap((person) => [0, 1, 2, 3].map((i) => distance(template, sample(person, i))));
  assert.ok(Math.max(...own) < Math.min(...others), `${Math.max(...own)} and ${Math.min(...others)}`);
});

test('distance() is 0 for a sample of a template of that alone, and 4 at most', () => {
  const template = makeTemplate(sample(0, 0), timings);
  assert.equal(distance(template, sample(0, 0)), 0);
  assert.ok(distance(template, new Float64Array(timings).fill(1e6)) <= 4);
});

test('makeTemplate() keeps the last 200 samples, and weighs the newest most', () => {
  const old = new Float64Array(300).fill(1);
  const template = makeTemplate(Float64Array.of(...old, ...new Float64Array(60).fill(2)), 1);
  assert.equal(template.weights.length, 200);
  // 60 of 200 samples hold more than half of the weight
  assert.equal(template.median[0], 2);
});

test('makeTemplate() refuses what is no sample', () => {
  for (const [samples, code] of [
    [new Float64Array(0), 'DATA_MISSING'],
    [new Float64Array(timings + 1), 'DATA_MISSING'],
    [new Float64Array(timings).fill(Number.NaN), 'RECORD_OUT_OF_RANGE'],
  ] as const)
    assert.throws(
      () => makeTemplate(samples, timings),
      (error) => isEbbtideError(error, code),
    );
});
