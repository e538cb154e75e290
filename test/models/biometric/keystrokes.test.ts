import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysOf, logTimings, timingNames, timingsOf } from '../../../models/biometric/keystrokes.ts';

test('timingNames() names places in the phrase, key by key', () => {
  assert.deepEqual(timingNames(3), ['hold.0', 'downDown.1', 'upDown.1', 'hold.1', 'downDown.2', 'upDown.2', 'hold.2']);
  assert.equal(timingNames(11).length, timingsOf(11));
});

test('keysOf() undoes timingsOf() and refuses what no phrase has', () => {
  for (const keys of [1, 2, 11, 40]) assert.equal(keysOf(timingsOf(keys)), keys);
  for (const timings of [0, 2, 3, 30]) assert.throws(() => keysOf(timings), RangeError);
});

test('logTimings() keeps the sign of a distance that may be negative, and takes too short a hold for noise', () => {
  const logs = logTimings(Float64Array.of(0.1, 0.2, -0.1, 0), 4);
  assert.deepEqual(
    [...logs].map((it) => Number(it.toFixed(6))),
    [Math.log(0.1), Math.log(0.2), -Math.log(2), Math.log(0.01)].map((it) => Number(it.toFixed(6))),
  );
});
