import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, lastValueFrom, toArray } from 'rxjs';
import { phraseFaults, phraseFingerprint } from '../../models/biometric/plausible.ts';
import type { BehaviourEvent } from '../../operators/behaviour.ts';
import { checkBehaviour, newBehaviourMemory } from '../../operators/checkBehaviour.ts';
import { followSessions } from '../../operators/followSessions.ts';

const seconds = (features: BehaviourEvent['features']) => Object.values(features);
const checks = {
  phrase: {
    faults: (features: BehaviourEvent['features']) => phraseFaults(seconds(features)),
    fingerprint: (features: BehaviourEvent['features']) => phraseFingerprint(seconds(features)),
  },
};
const burst = (time: number, hold: number, more: Partial<BehaviourEvent> = {}): BehaviourEvent => ({
  user: 'u',
  session: 's',
  time,
  specification: 'phrase',
  features: { 'hold.0': hold },
  ...more,
});
const faultsOf = async (events: readonly BehaviourEvent[], memory = newBehaviourMemory()) =>
  (await lastValueFrom(from(events).pipe(checkBehaviour(checks, memory), toArray()))).map(({ faults }) => faults);

test('checkBehaviour() notices a burst that its user made before, in any session, and lets others make it', async () => {
  const memory = newBehaviourMemory();
  assert.deepEqual(
    await faultsOf(
      [burst(0, 0.1), burst(9, 0.2), burst(20, 0.1, { session: 't' }), burst(30, 0.1, { user: 'v' })],
      memory,
    ),
    [[], [], ['replayed'], []],
  );
  // What is kept of it is enough after a restart
  const kept = structuredClone(memory);
  assert.deepEqual(await faultsOf([burst(40, 0.2)], kept), [['replayed']]);
});

test('checkBehaviour() notices what is out of order, what no person does, and what it does not know', async () => {
  assert.deepEqual(
    await faultsOf([
      burst(100_000, 0.1),
      burst(96_000, 0.11),
      burst(80_000, 0.12),
      burst(101_000, 9),
      burst(102_000, 0.13, { specification: 'constructor' }),
    ]),
    [[], [], ['disordered'], ['impossible'], ['unknown']],
  );
});

test('checkBehaviour() remembers a bounded number of bursts of a user', async () => {
  const memory = newBehaviourMemory();
  await faultsOf(
    Array.from({ length: 1000 }, (_, i) => burst(i, 0.1 + i / 1000)),
    memory,
  );
  assert.equal(memory.fingerprints.get('u')!.length, 400);
});

test('followSessions() holds a burst with faults against its session, and passes over what could not be compared', async () => {
  const sessions = new Map([['s', 0]]);
  const follow = (before: number, logOdds: number, time: number) => {
    const state = before + Math.min(logOdds, 10);
    return { state, risk: state / 20, ...(state > 5 ? { cutTo: time + 1 } : {}) };
  };
  const assessed = [
    { ...burst(1, 0.1), faults: [], bursts: [], counts: 1, logOdds: -2 },
    { ...burst(2, 0.1), faults: [], bursts: [], counts: 1, logOdds: Number.NaN },
    { ...burst(3, 0.1), faults: ['replayed'], bursts: [], counts: 1, logOdds: -9 },
    { ...burst(4, 0.1, { session: 'none' }), faults: ['replayed'], bursts: [], counts: 1, logOdds: 1 },
  ];
  const followed = await lastValueFrom(from(assessed).pipe(followSessions(sessions, follow), toArray()));
  assert.deepEqual(
    followed.map(({ risk, cutTo }) => [risk, cutTo]),
    [
      [-0.1, undefined],
      [Number.NaN, undefined],
      [0.4, 4],
      [Number.NaN, undefined],
    ],
  );
  assert.deepEqual([...sessions], [['s', 8]]);
});
