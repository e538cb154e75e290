import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastValueFrom, of } from 'rxjs';
import { DriftState, detectDrift } from '../../operators/detectDrift.ts';
import { parseLifecyclePolicy } from '../../schemas/policy.ts';
import { type ScoredWindow, scoredBatch } from './scored.ts';

const windowMs = 10_000;
const policy = parseLifecyclePolicy({ windowMs, driftMs: 3_600_000 });
const topics = { orders: () => ({ policy, policyVersion: '', killSwitch: false, exempt: () => false }) };
const features = ['cpuCores.level', 'sentBytes.level'];

const drive = async (windows: readonly ScoredWindow[], drift = new DriftState()) => {
  const counts: { drifts?: number } = {};
  const { alerts = [] } = await lastValueFrom(
    of(scoredBatch(windows)).pipe(detectDrift('lifecycle', 3, drift, topics, features, counts)),
  );
  return { alerts, drift, counts };
};

/** Windows of 60 subjects; `warp` bends their uniform p-values, and moves the second feature. */
const fleet = (seed: number, hours: number, warp: (p: number, hour: number) => number, moved = 0): ScoredWindow[] => {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 4_294_967_296;
  };
  const made: ScoredWindow[] = [];
  for (let window = 1; window <= hours * 360; window++) {
    const hour = window / 360;
    for (let subject = 0; subject < 60; subject++) {
      const pValue = warp(next(), hour);
      const parts = Float32Array.of(1, 1 + (hour > hours / 2 ? moved : 0));
      made.push({ pValue, windowEnd: window * windowMs, subject: `s${subject}`, more: { parts } });
    }
  }
  return made;
};

test('detectDrift() says nothing of uniform p-values', async () => {
  for (const seed of [1, 2, 3]) {
    const { alerts, drift } = await drive(fleet(seed, 2, (p) => p));
    assert.deepEqual(alerts, []);
    assert.ok(drift.distance < 0.12, `${drift.distance}`);
  }
});

test('detectDrift() says once what moved when p-values grow small, and again only after they were uniform', async () => {
  const { alerts, counts, drift } = await drive(fleet(5, 3, (p, hour) => (hour > 1.5 ? p ** 2 : p), 3));
  assert.equal(alerts.length, 1);
  assert.deepEqual(counts, { drifts: 1 });
  const { kind, subject, summary, alertId, at } = alerts[0]!;
  assert.deepEqual([kind, subject], ['drift', 'lifecycle/3']);
  assert.match(summary, /stranger than model 7 .*moved most: sentBytes\.level; retrain/);
  assert.equal(alertId, `drift/lifecycle/3/${at}`);
  assert.ok(at > 1.5 * 3_600_000 && at < 2.5 * 3_600_000);
  assert.ok(drift.drifting);
  const later = fleet(6, 14, (p, hour) => (hour > 11 ? p ** 2 : p)).map((it) => ({
    ...it,
    windowEnd: it.windowEnd + 3 * 3_600_000,
  }));
  assert.equal((await drive(later, drift)).alerts.length, 1, 'a second episode');
});

test('detectDrift() notices p-values that grow large as well', async () => {
  const { alerts } = await drive(fleet(8, 3, (p, hour) => (hour > 1.5 ? Math.sqrt(p) : p)));
  assert.equal(alerts.length, 1);
  assert.match(alerts[0]!.summary, /calmer/);
});

test('detectDrift() goes on from what was saved as if nothing had happened, wherever batches end', async () => {
  const windows = fleet(5, 3, (p, hour) => (hour > 1.5 ? p ** 2 : p), 3);
  const whole = await drive(windows);
  await fc.assert(
    fc.asyncProperty(fc.nat(windows.length), async (at) => {
      const first = await drive(windows.slice(0, at));
      const second = await drive(windows.slice(at), new DriftState(first.drift.save()));
      assert.deepEqual([...first.alerts, ...second.alerts], whole.alerts);
      assert.deepEqual(second.drift.save(), whole.drift.save());
    }),
    { numRuns: 5 },
  );
});

test('detectDrift() passes over what was counted before, and what is still learned', async () => {
  const windows = fleet(9, 2, () => 0.01);
  const replayed = windows.map((it) => ({ ...it, event: { replayed: true } }));
  const learning = windows.map((it) => ({ ...it, more: { learning: true } }));
  for (const set of [replayed, learning]) assert.deepEqual((await drive(set)).alerts, []);
});

test('DriftState begins anew for another number of features', () => {
  const drift = new DriftState([1, 2, 3]);
  drift.fit(2);
  assert.deepEqual(drift.save(), new Array(18).fill(0));
  assert.equal(drift.distance, 0);
});
