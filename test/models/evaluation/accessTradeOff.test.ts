import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hourMs } from '../../../models/access/calendar.ts';
import { constantReturn, median } from '../../../models/evaluation/access/constantReturn.ts';
import { alwaysOn, gapFamilies } from '../../../models/evaluation/access/policies.ts';
import { gapsIn, judgeGapPolicy, judgeHourly, wasteAt } from '../../../models/evaluation/access/tradeOff.ts';

const family = (name: string) => gapFamilies.find((it) => it.name === name)!;
/** One user, accesses at 0:00, 0:30, 10:00 and 20:00 of a day that is judged whole. */
const set = gapsIn([[0, 0.5, 10, 20].map((hour) => hour * hourMs)], 0, 24 * hourMs);

test('gapsIn() leaves out a session’s pauses', () => {
  assert.deepEqual(
    set.gaps.map(({ lastMs, nextMs }) => [lastMs / hourMs, nextMs / hourMs]),
    [
      [0.5, 10],
      [10, 20],
      [20, Number.POSITIVE_INFINITY],
    ],
  );
  assert.deepEqual(
    set.gaps.map(({ before }) => before),
    [[], [9.5], [9.5, 10]],
  );
});

test('a credential that always lies ready is always found, and unused all the time between', () => {
  const { hitRate, wastedMinutes } = judgeGapPolicy(set, alwaysOn);
  assert.equal(hitRate, 1);
  assert.equal(wastedMinutes, (9.5 + 10 + 4) * 60);
});

test('fixed keep-alive is found by those who come back soon enough', () => {
  const point = judgeGapPolicy(set, () => ({ fromHours: 0, toHours: 9.75 }));
  assert.equal(point.hitRate, 0.5);
  assert.equal(point.wastedMinutes, (9.5 + 9.75 + 4) * 60);
  const rates = family('fixed keep-alive').settings.map((policy) => judgeGapPolicy(set, policy).hitRate);
  assert.deepEqual([...rates].sort(), rates);
});

test('the hybrid histogram goes by its percentiles, its forecast, or its whole range', () => {
  const [policy] = family('hybrid histogram').settings.slice(-1);
  assert.deepEqual(policy!([]), { fromHours: 0, toHours: 24 });
  const { fromHours, toHours } = policy!(Array(20).fill(8.1));
  assert.ok(fromHours > 7 && fromHours < 8.1 && toHours > 8.1 && toHours < 9.5);
  const far = policy!(Array(20).fill(48));
  assert.ok(Math.abs(far.fromHours - 48 * 0.85) < 1e-6 && Math.abs(far.toHours - 48 * 1.15) < 1e-6);
});

test('judgeHourly() has the hours ready whose chance is high enough', () => {
  const chances = new Float64Array(24);
  chances[10] = 0.9;
  chances[15] = 0.8;
  chances[20] = 0.7;
  const points = judgeHourly(set, chances);
  // Both starts fall on the hour, so the hit costs nothing; hour 15 lay there for nothing
  assert.deepEqual(points.slice(0, 2), [
    { hitRate: 0.5, wastedMinutes: 0 },
    { hitRate: 1, wastedMinutes: 60 },
  ]);
  assert.equal(wasteAt(points, 0.5), 0);
  assert.equal(wasteAt(points, 0.75), 30);
  assert.ok(Number.isNaN(wasteAt([{ hitRate: 0.4, wastedMinutes: 1 }], 0.5)));
});

test('the hybrid histogram has settings that stay ready for less than its range where the histogram says too little', () => {
  const unsure = family('hybrid histogram').settings.map((policy) => policy([]).toHours);
  assert.deepEqual(
    [...new Set(unsure)].sort((a, b) => a - b),
    [1, 2, 4, 8, 12, 24],
  );
});

test('constantReturn() chooses by sessions that begin before the test, and meets all that begin in it', () => {
  // Gaps of 5, 5, 6; then, across the cut at 20, of 9, and of 4
  const accesses = [[0, 5, 10, 16, 25, 29].map((hour) => hour * hourMs)];
  const { hours, errors } = constantReturn(accesses, 20, 30);
  assert.equal(hours, 5);
  assert.deepEqual(errors, [4, 1]);
  assert.equal(median([3, 1, 2, 10]), 2.5);
});
