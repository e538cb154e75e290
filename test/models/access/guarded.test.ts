import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { guarded } from '../../../models/access/guarded.ts';
import { hourOf } from '../../../models/access/history.ts';
import { Population } from '../../../models/access/population.ts';
import type { AccessPredictor } from '../../../models/access/predictor.ts';
import { firstMs } from './support.ts';

/** Says the chance that a function gives for an hour of the day. */
const saying = (name: string, chanceOf: (hour: number) => number): AccessPredictor => ({
  name,
  carried: { pair: 0, all: 0 },
  forecast: async ({ hour }, pairs) =>
    pairs.map(() => ({ within1h: chanceOf(hour % 24), within24h: 0.9, survival: new Float64Array(1) })),
  returnAfter: () => 1,
  close: async () => undefined,
});

const knowing = saying('knowing', (hour) => (hour === 9 ? 0.9 : 0.01));
const wrong = saying('wrong', (hour) => (hour === 3 ? 0.9 : 0.05));
const vague = saying('vague', () => 0.1);

/** A pair that comes at nine each day, for so many days; the last forecast. */
const lead = async (model: AccessPredictor, prior: AccessPredictor, days: number) => {
  const predictor = guarded(model, prior);
  const population = new Population(calendarOf('UTC'), hourOf(firstMs), predictor.carried);
  let last = (await predictor.forecast(population, ['ada']))[0]!;
  for (let hour = 1; hour < 24 * days; hour++) {
    population.openHour(hourOf(firstMs) + hour);
    last = (await predictor.forecast(population, ['ada']))[0]!;
    if (hour % 24 === 9) population.observe('ada', { kind: 'access', timeMs: firstMs + hour * hourMs });
  }
  return last;
};

test('a pair with little history has the prior’s forecast, then the model’s', async () => {
  assert.equal((await lead(knowing, vague, 3)).basis, 'prior');
  const { basis, within1h, helps } = await lead(knowing, vague, 20);
  assert.deepEqual([basis, within1h, helps], ['model', 0.01, true]);
});

test('a model that is worse than the prior is left for it', async () => {
  const { basis, helps } = await lead(wrong, knowing, 20);
  assert.deepEqual([basis, helps], ['prior', true]);
});

test('where nothing beats the mean rate, the forecast says that it does not help', async () => {
  assert.equal((await lead(wrong, wrong, 20)).helps, false);
});
