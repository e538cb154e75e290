import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askForecasts } from '../../../models/access/ask.ts';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { foresee } from '../../../models/access/foresee.ts';
import { guarded } from '../../../models/access/guarded.ts';
import { hourOf } from '../../../models/access/history.ts';
import { hoursOf } from '../../../models/access/population.ts';
import { statisticalPredictor } from '../../../models/access/statistics.ts';
import { firstMs, inventedAccesses } from './support.ts';

const predictor = guarded(statisticalPredictor, statisticalPredictor);
const calendar = calendarOf('UTC');
const days = 28;
// A Monday at midnight; everybody comes between seven and noon
const nowMs = firstMs + days * 24 * hourMs;
const events = inventedAccesses(6, days + 1);
const pairs = ['person-0', 'person-3'];

test('askForecasts() foresees what the pipeline would, and knows nothing of what follows', async () => {
  const asked = await askForecasts(predictor, events, pairs, calendar, nowMs + 1000, [0, 24]);
  assert.deepEqual(
    asked.map(({ pair }) => pair),
    pairs,
  );
  const hours = { fromHour: hoursOf(events)[0], testHour: hourOf(nowMs), toHour: hourOf(nowMs) + 1 };
  const all = [...new Set(events.map(({ pair }) => pair))].sort();
  const { hour, day } = await foresee(predictor, events, all, calendar, hours);
  for (const { pair, within1h, within24h, withinWindow } of asked) {
    const at = all.indexOf(pair);
    assert.deepEqual([within1h, within24h], [hour[at], day[at]]);
    assert.ok(Math.abs(withinWindow - within24h) < 1e-9);
  }
  const before = events.filter(({ event }) => event.timeMs < nowMs);
  assert.deepEqual(await askForecasts(predictor, before, pairs, calendar, nowMs, [0, 24]), asked);
});

test('askForecasts() tells windows of the day apart, and when the next access lies', async () => {
  const [own] = await askForecasts(predictor, events, ['person-0'], calendar, nowMs, [6, 10]);
  const [other] = await askForecasts(predictor, events, ['person-0'], calendar, nowMs, [14, 18]);
  assert.ok(own!.withinWindow > 4 * other!.withinWindow, `${own!.withinWindow} to ${other!.withinWindow}`);
  const [early, median, late] = own!.expectedHours;
  assert.ok(early <= median && median <= late);
  // Nobody known has everybody's habits
  const [stranger] = await askForecasts(predictor, events, ['stranger'], calendar, nowMs, [0, 4]);
  assert.equal(stranger!.basis, 'prior');
});
