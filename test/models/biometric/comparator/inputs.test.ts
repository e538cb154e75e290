import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillInputs, inputsOf, inputsPerKey, learnPopulation } from '../../../../models/biometric/comparator/inputs.ts';
import { makeTemplate } from '../../../../models/biometric/template.ts';

test('fillInputs() puts each timing at its key, and leaves the first key without distances', () => {
  const population = { median: new Float64Array(4), spread: new Float64Array(4).fill(1) };
  const typical = makeTemplate(Float64Array.of(0, 0, 0, 0), 4);
  const out = new Float32Array(inputsOf(4)).fill(0);
  fillInputs(typical, population, Float64Array.of(0.01, -0.01, 1, 9), out);
  assert.equal(out.length, 2 * inputsPerKey);
  // Key 0: its hold alone
  assert.ok(out[0]! > 0 && out[0] === out[1]);
  assert.deepEqual([...out.subarray(5, 15)], new Array(10).fill(0));
  // Key 1: hold far, down-down a little less, up-down more than usual
  assert.deepEqual([...out.subarray(15, 17)], [2, 2]);
  assert.ok(out[20]! < 0 && out[21]! === -out[20]!);
  assert.deepEqual([...out.subarray(25, 27)], [2, 2]);
  // Where the sample lies among people: clipped at 4
  assert.equal(out[19], 4);
});

test('learnPopulation() takes medians and median distances', () => {
  const { median, spread } = learnPopulation(Float64Array.of(1, 10, 2, 20, 3, 30), 2);
  assert.deepEqual([...median], [2, 20]);
  assert.ok(Math.abs(spread[1]! - (1.4826 * 10 + 0.02)) < 1e-9);
});
