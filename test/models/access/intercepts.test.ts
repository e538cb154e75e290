import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { hourOf } from '../../../models/access/history.ts';
import { interceptPlaces, keepPromises, learnIntercepts } from '../../../models/access/intercepts.ts';
import { Population } from '../../../models/access/population.ts';

const start = hourOf(Date.parse('2026-03-02T00:00:00Z'));
const rate = 0.02;

/** A population whose pairs come every hour, or never; at each hour a forecast of chances for those who are there. */
const follow = () => {
  const population = new Population(calendarOf('UTC'), start);
  const own = new Float32Array(interceptPlaces.all);
  const promised = new Map<string, Float32Array>();
  const forecast = (hour: number, within1h: number, within24h: number) => {
    population.openHour(hour);
    const states = [...population.states.values()];
    const floats = [...population.states.keys()].map((pair) => {
      const its = promised.get(pair) ?? new Float32Array(interceptPlaces.pair);
      promised.set(pair, its);
      return its;
    });
    learnIntercepts(own, states, floats, hour);
    keepPromises(
      own,
      floats,
      states.map(() => ({ within1h, within24h, survival: new Float64Array(0) })),
      hour,
    );
  };
  const come = (pairs: number) => {
    for (let pair = 0; pair < pairs; pair++)
      population.observe(`pair-${pair}`, { kind: 'access', timeMs: population.hour * hourMs + 1000 });
  };
  return { own, forecast, come };
};

test('pairs that appear do not move the intercepts until what was promised of them comes due', () => {
  const { own, forecast, come } = follow();
  come(1);
  forecast(start + 1, 0.5, 0.9);
  come(400);
  forecast(start + 2, 0.5, 0.9);
  // Of the one pair of which something was promised
  assert.ok(Math.abs(own[interceptPlaces.hour]! - rate * 0.5) < 1e-6, `${own[interceptPlaces.hour]}`);
  for (let hour = 3; hour <= 25; hour++) forecast(start + hour, 0.5, 0.9);
  assert.ok(Math.abs(own[interceptPlaces.day]! - rate * 0.1) < 1e-6, `${own[interceptPlaces.day]}`);
  forecast(start + 26, 0.5, 0.9);
  // All but the first came for the last time before the day that was promised at the second hour
  assert.ok(
    own[interceptPlaces.day]! >= rate * 0.1 - rate && own[interceptPlaces.day]! < 0,
    `${own[interceptPlaces.day]}`,
  );
});

test('no hour moves an intercept by more than the rate, and chances that come true hold it', () => {
  const { own, forecast, come } = follow();
  let last = 0;
  for (let hour = 1; hour <= 200; hour++) {
    come(hour);
    forecast(start + hour, 0.001, 0.001);
    assert.ok(Math.abs(own[interceptPlaces.hour]! - last) <= rate + 1e-6, `hour ${hour}`);
    last = own[interceptPlaces.hour]!;
  }
  assert.ok(last > 100 * rate);
  const sure = follow();
  for (let hour = 1; hour <= 100; hour++) {
    sure.come(5);
    sure.forecast(start + hour, 1, 1);
  }
  assert.ok(Math.abs(sure.own[interceptPlaces.hour]!) < 1e-6 && Math.abs(sure.own[interceptPlaces.day]!) < 1e-6);
});

test('what was promised of hours that time leapt over is not held against the ones after', () => {
  const { own, forecast, come } = follow();
  come(3);
  forecast(start + 1, 0.9, 0.9);
  forecast(start + 100, 0.9, 0.9);
  assert.equal(own[interceptPlaces.hour], 0);
  assert.equal(own[interceptPlaces.day], 0);
});
