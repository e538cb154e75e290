import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaUnderRoc, equalErrorRate, errorCurve, zeroMissFalseAlarm } from '../../../models/biometric/errorRates.ts';

test('equalErrorRate() is 0 where scores part, 1 where they are the wrong way round, a half where they are the same', () => {
  assert.equal(equalErrorRate(errorCurve([1, 2], [3, 4])), 0);
  assert.equal(equalErrorRate(errorCurve([3, 4], [1, 2])), 1);
  assert.equal(equalErrorRate(errorCurve([1, 1], [1, 1, 1])), 0.5);
});

test('equalErrorRate() lies between the thresholds that enclose it', () => {
  // At 3: one of four owners refused, one of two impostors missed; at 2.5: a half and none
  assert.ok(Math.abs(equalErrorRate(errorCurve([1, 2, 2, 4], [3, 5])) - 0.25) < 0.26);
  assert.equal(equalErrorRate(errorCurve([1, 2, 3, 10], [4, 5, 6, 7])), 0.25);
});

test('zeroMissFalseAlarm() is what owners pay where no impostor passes', () => {
  assert.equal(zeroMissFalseAlarm(errorCurve([1, 2, 3, 4], [2.5, 9])), 0.5);
  assert.equal(zeroMissFalseAlarm(errorCurve([1, 2], [0])), 1);
});

test('areaUnderRoc() counts ties half', () => {
  assert.equal(areaUnderRoc([1, 2], [3]), 1);
  assert.equal(areaUnderRoc([1, 3], [3]), 0.75);
});
