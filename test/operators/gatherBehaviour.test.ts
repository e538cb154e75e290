import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, lastValueFrom, toArray } from 'rxjs';
import { beginSession, followSession, type SessionState } from '../../models/biometric/session.ts';
import { assessBehaviour } from '../../operators/assessBehaviour.ts';
import type { CheckedBehaviour } from '../../operators/behaviour.ts';
import { followSessions } from '../../operators/followSessions.ts';
import { gatherBehaviour, type WaitingBehaviour } from '../../operators/gatherBehaviour.ts';

const burst = (value: number, more: Partial<CheckedBehaviour> = {}): CheckedBehaviour => ({
  user: 'u',
  session: 's',
  time: value * 1000,
  specification: 'movement',
  features: { value },
  faults: [],
  ...more,
});

test('gatherBehaviour() waits for enough bursts of a session, and keeps sessions apart', async () => {
  const waiting: WaitingBehaviour = new Map();
  const gathered = await lastValueFrom(
    from([burst(1), burst(2, { session: 't' }), burst(3), burst(4, { faults: ['tooFast'] }), burst(5), burst(6)]).pipe(
      gatherBehaviour({ movement: 3 }, waiting),
      toArray(),
    ),
  );
  assert.deepEqual(
    gathered.map(({ time, bursts }) => [time, bursts.map(({ value }) => value)]),
    [
      [4000, [4]],
      [5000, [1, 3, 5]],
    ],
  );
  assert.deepEqual([...waiting.keys()].sort(), ['s', 't']);
});

test('a chain of these operators cuts the key of a session that somebody takes over', async () => {
  const sessions = new Map<string, SessionState>([['s', beginSession(0.05, 0, 86_400_000)]]);
  const events = Array.from({ length: 60 }, (_, i) => burst(i + 1));
  const cuts = (
    await lastValueFrom(
      from(events).pipe(
        gatherBehaviour({ movement: 3 }, new Map()),
        // The owner for half of it
        assessBehaviour(({ bursts }) => ({ logOdds: bursts[0]!.value! < 30 ? -3 : 4, counts: 1 })),
        followSessions(sessions, (before, logOdds, time) => followSession(before, logOdds, time)),
        toArray(),
      ),
    )
  ).flatMap(({ time, cutTo }) => (cutTo === undefined ? [] : [[time, cutTo]]));
  assert.ok(cuts.length > 1, `${cuts}`);
  assert.ok(cuts[0]![0]! > 30_000);
  assert.equal(sessions.get('s')!.expiresAt, cuts.at(-1)![1]);
});
