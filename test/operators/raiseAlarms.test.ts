import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastValueFrom, of } from 'rxjs';
import type { ScoredBatch, WindowEvent, WindowScore } from '../../operators/batch.ts';
import { KeyedState } from '../../operators/keyedState.ts';
import { alarmPValue, raiseAlarms } from '../../operators/raiseAlarms.ts';
import { parseLifecyclePolicy } from '../../schemas/policy.ts';
import { scoredBatch } from './scored.ts';

const rule = { clusterWindows: 2, quietWindows: 10 };
const windowMs = 60_000;
const ordersOf = (falseAlarmsPerSubjectDay: number | null) => ({
  orders: () => ({
    policy: parseLifecyclePolicy({ falseAlarmsPerSubjectDay, windowMs, silenceMs: 120_000 }),
    policyVersion: '',
    killSwitch: false,
    exempt: () => false,
  }),
});
const run = async (batch: ScoredBatch, asked: number | null, state = new KeyedState()) => {
  const counts = {};
  const out = await lastValueFrom(of(batch).pipe(raiseAlarms('lifecycle', state, ordersOf(asked), () => rule, counts)));
  return { ...out, counts, kinds: (out.alerts ?? []).map(({ kind }) => kind) };
};
const batchOf = (pValues: readonly number[], more: Partial<WindowScore> = {}, event: Partial<WindowEvent> = {}) => {
  return scoredBatch(
    pValues.map((pValue, i) => ({ pValue, windowEnd: (i + 1) * windowMs, subject: 's', more, event })),
  );
};

test('alarmPValue() spends the alarms of a day on its windows, and on the runs they come in', () => {
  assert.ok(Math.abs(alarmPValue(0.01, 60_000, 3) - (0.01 * 3) / 1440) < 1e-12);
  assert.equal(alarmPValue(1000, 86_400_000, 5), 0.05);
});

test('raiseAlarms() keeps the promise on uniform p-values, whatever is asked for', async () => {
  for (const asked of [10, 1]) {
    let seed = 7;
    const days = 40;
    const pValues = Array.from({ length: days * 1440 }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return (seed + 0.5) / 4_294_967_296;
    });
    const { alerts } = await run(batchOf(pValues), asked);
    // Independent windows come in runs of one, where the rule says two: twice as many alarms.
    const rate = alerts!.length / days / rule.clusterWindows;
    assert.ok(rate > asked / 1.5 && rate < asked * 1.5, `${rate} for ${asked}`);
  }
});

test('raiseAlarms() says once what a run of deviations comes to, and marks each of them', async () => {
  const pValues = new Array(40).fill(0.5);
  for (const window of [5, 6, 9, 15, 30]) pValues[window] = 1e-9;
  const { alerts, scores, counts } = await run(batchOf(pValues), 0.01);
  assert.deepEqual(
    alerts!.map(({ alertId }) => alertId),
    ['anomaly/lifecycle/s/360000', 'anomaly/lifecycle/s/1860000'],
  );
  assert.equal(scores.filter((score) => score!.alarm === true).length, 5);
  assert.deepEqual(counts, { alarms: 2 });
});

test('raiseAlarms() says what moved, in its unit', async () => {
  const contributions = [
    { feature: 'sentBytes.level', weight: 0.7, direction: 'above', expected: 1200, observed: 90_000, unit: 'bytes/s' },
  ];
  const { alerts } = await run(batchOf([1e-9], { contributions }), 0.01);
  assert.match(alerts![0]!.summary, /sentBytes\.level 90000 bytes\/s, above the expected 1200/);
});

test('raiseAlarms() marks nothing without a promise, and says nothing while learning or replaying', async () => {
  const silent = await run(batchOf([1e-9]), null);
  assert.deepEqual([silent.kinds, silent.scores[0]!.alarm], [[], undefined]);
  assert.deepEqual((await run(batchOf([1e-9], { learning: true }), 0.01)).kinds, []);
  const replayed = await run(batchOf([1e-9], { strayed: 2, strayedFeature: 'f' }, { replayed: true }), 0.01);
  assert.deepEqual(replayed.kinds, []);
});

test('raiseAlarms() says once that a subject strays, until it has come half of the way back', async () => {
  const strayed = [0.5, 1.2, 2, 0.7, 1.3, 0.4, 1.1];
  const batch = scoredBatch(
    strayed.map((value, i) => ({
      pValue: 0.5,
      windowEnd: (i + 1) * windowMs,
      subject: 's',
      more: { strayed: value, strayedFeature: 'sentBytes.level' },
    })),
  );
  const { alerts } = await run(batch, null);
  assert.deepEqual(
    alerts!.map(({ alertId }) => alertId),
    ['strayed/lifecycle/s/120000', 'strayed/lifecycle/s/420000'],
  );
});

test('raiseAlarms() gives the same alerts however windows are batched', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(0.5, 1e-9), { minLength: 1, maxLength: 60 }),
      fc.nat(60),
      async (pValues, at) => {
        const whole = (await run(batchOf(pValues), 0.01)).alerts;
        const { events, scores, ...rest } = batchOf(pValues);
        const state = new KeyedState();
        const first = await run({ ...rest, events: events.slice(0, at), scores: scores.slice(0, at) }, 0.01, state);
        const second = await run({ ...rest, events: events.slice(at), scores: scores.slice(at) }, 0.01, state);
        assert.deepEqual([...first.alerts!, ...second.alerts!], whole);
      },
    ),
    { numRuns: 60 },
  );
});
