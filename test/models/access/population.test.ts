import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { accessFeatureList, accessFeatures, fillAccessFeatures } from '../../../models/access/features.ts';
import { activeHours, hourOf, hoursKept, wasActive } from '../../../models/access/history.ts';
import { Population, pairOf, partsOfPair } from '../../../models/access/population.ts';

const start = Date.parse('2026-03-02T00:00:00Z');
const berlin = calendarOf('Europe/Berlin');

const featuresOf = (population: Population, pair: string): Record<string, number> => {
  const out = new Float32Array(accessFeatures.size);
  fillAccessFeatures(population.stateOf(pair), population.shared, population.calendar, out, 0);
  return Object.fromEntries(accessFeatureList.map(({ name }, i) => [name, out[i]!]));
};

test('Population remembers which hours were active, and forgets what is older than it keeps', () => {
  const population = new Population(berlin, hourOf(start));
  population.observe('ada', { kind: 'access', timeMs: start + 10 * 60_000 });
  population.openHour(hourOf(start) + 30);
  const state = population.stateOf('ada');
  assert.equal(wasActive(state, 30), 1);
  assert.equal(wasActive(state, 29), 0);
  assert.deepEqual(
    [29, 30, 31, 336].map((hours) => activeHours(state, hours)),
    [0, 1, 1, 1],
  );
  population.openHour(hourOf(start) + hoursKept + 1);
  assert.equal(activeHours(state, hoursKept), 0);
});

test('inputs of an hour know nothing of what happens in it', () => {
  const population = new Population(berlin, hourOf(start));
  for (let hour = 0; hour < 60; hour++) {
    population.openHour(hourOf(start) + hour);
    if (hour % 5 === 0) population.observe('ada', { kind: 'access', timeMs: start + hour * hourMs + 60_000 });
  }
  population.openHour(hourOf(start) + 60);
  const before = featuresOf(population, 'ada');
  assert.equal(before.active6h, 1);
  assert.ok(Math.abs(before.minutesSince! - Math.log(1 + 5 * 60 - 1)) < 1e-5);
  assert.ok(Object.values(before).every(Number.isFinite));
  const other = new Population(berlin, hourOf(start));
  assert.ok(Object.values(featuresOf(other, 'never seen')).every(Number.isFinite));
});

test('two populations that are fed the same, one of them after its state was kept, say the same', () => {
  const events = Array.from({ length: 300 }, (_, i) => ({
    pair: `u${i % 3}`,
    timeMs: start + Math.floor((i * 7919) % (20 * 24)) * hourMs + i * 1000,
  })).sort((a, b) => a.timeMs - b.timeMs);
  const feed = (population: Population, from: number, to: number) => {
    for (const { pair, timeMs } of events.slice(from, to)) {
      population.openHour(hourOf(timeMs));
      population.observe(pair, { kind: 'access', timeMs });
    }
  };
  const whole = new Population(berlin, hourOf(start));
  feed(whole, 0, events.length);
  const first = new Population(berlin, hourOf(start));
  feed(first, 0, 150);
  const second = new Population(berlin, first.hour);
  for (const [pair, state] of first.states) second.stateOf(pair).set(Float32Array.from(state));
  second.shared.set(Float32Array.from(first.shared));
  feed(second, 150, events.length);
  for (const pair of ['u0', 'u1', 'u2']) assert.deepEqual(featuresOf(second, pair), featuresOf(whole, pair));
});

test('an access that comes late is put where it belongs, and one that is too old is left out', () => {
  const population = new Population(berlin, hourOf(start));
  population.openHour(hourOf(start) + 10);
  assert.equal(population.observe('ada', { kind: 'access', timeMs: start + 2 * hourMs }), true);
  assert.equal(population.observe('ada', { kind: 'access', timeMs: start - 400 * hourMs }), false);
  population.openHour(hourOf(start) + 11);
  const state = population.stateOf('ada');
  assert.deepEqual(
    [1, 8, 9, 10].map((lag) => wasActive(state, lag)),
    [0, 0, 1, 0],
  );
  const { active12h, known } = featuresOf(population, 'ada');
  assert.equal(active12h, 1);
  assert.ok(Math.abs(known! - Math.log(10)) < 1e-6);
});

test('the machine’s state and the next scheduled job are inputs', () => {
  const population = new Population(berlin, hourOf(start));
  population.observe('ada', { kind: 'vmState', timeMs: start, state: 'stopped' });
  population.observe('ada', { kind: 'scheduled', timeMs: start, dueMs: start + 5 * hourMs });
  population.openHour(hourOf(start) + 2);
  const { vm_stopped, vm_running, scheduled } = featuresOf(population, 'ada');
  assert.deepEqual([vm_stopped, vm_running, scheduled], [1, 0, 0.25]);
});

test('pairOf() and partsOfPair() are each other’s reverse', () => {
  assert.deepEqual(partsOfPair(pairOf('ada', 'build-7')), { user: 'ada', vm: 'build-7' });
  assert.deepEqual(partsOfPair(pairOf('ada')), { user: 'ada', vm: null });
});
