import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginSession, followSession, type SessionState, sessionRule } from '../../../models/biometric/session.ts';

const hour = 3_600_000;
const begun = beginSession(0.05, 0, 24 * hour);

const follow = (state: SessionState, odds: readonly number[], everyMs = 10_000) => {
  const cuts: number[] = [];
  let at = state;
  let risk = Number.NaN;
  for (const it of odds) {
    const step = followSession(at, it, at.seenAt + everyMs);
    at = step.state;
    risk = step.risk;
    if (step.cutTo !== undefined) cuts.push(step.cutTo);
  }
  return { state: at, risk, cuts };
};

test('a session of its owner is left alone, and one odd burst cuts nothing short', () => {
  const { state, cuts } = follow(begun, [-3, -2, -4, 3, -3, -2]);
  assert.deepEqual(cuts, []);
  assert.equal(state.expiresAt, 24 * hour);
});

test('a session that somebody takes over is cut to shorter and shorter lives, and never stretched again', () => {
  const taken = follow(begun, [4, 4, 4, 4, 4, 4, 4]);
  assert.ok(taken.cuts.length >= 2, `${taken.cuts}`);
  assert.deepEqual(taken.cuts.toSorted((a, b) => b - a).slice(0, 2), taken.cuts.slice(0, 2));
  assert.ok(taken.state.expiresAt <= 70_000 + 300_000);
  const after = follow(taken.state, new Array(50).fill(-5));
  assert.ok(after.risk < 0.2);
  assert.equal(after.state.expiresAt, taken.state.expiresAt);
});

test('no key outlives the age of rotation, whatever the risk', () => {
  assert.equal(beginSession(0, 1000, 99 * hour).expiresAt, 1000 + sessionRule.rotateAfterMs);
});

test('what is no number counts as the surest, and time does not go back', () => {
  const { cuts, state } = follow(begun, new Array(9).fill(Number.NaN));
  assert.ok(cuts.length > 0);
  assert.equal(followSession(state, 0, 5).state.seenAt, state.seenAt);
});
