import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { foresee } from '../../../models/access/foresee.ts';
import { statisticalPredictor } from '../../../models/access/statistics.ts';

test('foresee() judges the time of every session that begins in the test, one that ended before it included', async () => {
  // 0:20 ─ 5:20 ─ 12:20 ─ 17:20 and 17:50; the test begins at 10:00
  const events = [0, 5, 12, 17, 17.5].map((hour) => ({
    pair: 'ada',
    event: { kind: 'access', timeMs: (hour + 1 / 3 + 20) * hourMs } as const,
  }));
  const always = { ...statisticalPredictor, returnAfter: () => 4 };
  const hours = { fromHour: 20, testHour: 30, toHour: 40 };
  const { returnErrors } = await foresee(always, events, ['ada'], calendarOf('UTC'), hours);
  assert.deepEqual(
    returnErrors.map((error) => Math.round(error * 1e6) / 1e6),
    [3, 1],
  );
});
