import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lane } from '../../../../infra/console/view/lane.ts';
import type { Change, Snapshot } from '../../../../infra/console/view/protocol.ts';
import { View } from '../../../../infra/console/view/view.ts';
import { wordOf } from '../../../../infra/console/view/word.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from '../records.ts';

const control = {
  mode: null,
  killSwitch: false,
  killSwitchReason: '',
  thresholds: { low: 0.3, moderate: 0.6, high: 0.9 },
};
const viewOf = (limits = {}) =>
  new View({ historyMs: 300_000, points: 100, moments: 10, lanes: 5, ...limits }, control);
const issued = (id: string, at: number, other = {}): Change => ({
  type: 'credential',
  id,
  at,
  credential: credentialOf(id, at, other),
});
const scored = (id: string, at: number, value: number, other = {}): Change => ({
  type: 'score',
  id,
  at,
  score: scoreOf(id, at, value, other),
});
const acted = (id: string, action: 'extend' | 'shorten' | 'revoke', at: number, effect = {}): Change[] => {
  const decision = decisionOf(id, action, at);
  return [
    { type: 'decision', id, at, decision },
    { type: 'effect', id, at: at + 10, effect: effectOf(decision, at + 10, effect) },
  ];
};

describe('View', () => {
  it('says in a word what state a credential is in, through its whole life', () => {
    const view = viewOf();
    const word = (now: number) => wordOf(view.lanes.get('a')!, now);
    view.apply(issued('a', 0));
    assert.equal(word(1), 'steady');
    view.apply(scored('a', 500, 0, { learning: true }));
    assert.equal(word(501), 'learning');
    view.apply(scored('a', 1_000, 0.1));
    assert.equal(word(1_001), 'steady');
    for (const change of acted('a', 'extend', 2_000)) view.apply(change);
    assert.equal(word(2_100), 'extended');
    for (const change of acted('a', 'shorten', 3_000)) view.apply(change);
    assert.equal(word(3_100), 'shortened');
    assert.equal(view.lanes.get('a')!.life.remainingAt(3_010), 30_000);
    for (const change of acted('a', 'revoke', 4_000)) view.apply(change);
    assert.equal(word(4_100), 'revoked');
    assert.equal(view.lanes.get('a')!.life.remainingAt(4_100), 0);
    view.apply({
      type: 'demo',
      id: 'a',
      at: 4_200,
      event: { credentialId: 'a', kind: 'refused', text: 'Vault refused', at: 4_200 },
    });
    assert.equal(word(4_300), 'refused');
  });

  it('calls a credential expired when its life ran out by itself', () => {
    const view = viewOf();
    view.apply(issued('a', 0));
    assert.equal(wordOf(view.lanes.get('a')!, 60_000), 'expired');
  });

  it('leaves the life as it is when a decision was only recorded', () => {
    const view = viewOf();
    view.apply(issued('a', 0));
    for (const change of acted('a', 'revoke', 1_000, {
      outcome: 'skipped',
      skipped: 'shadow',
      expiresAt: null,
      remainingMs: null,
    }))
      view.apply(change);
    const lane = view.lanes.get('a')!;
    assert.equal(lane.life.remainingAt(1_100), 58_900);
    assert.equal(wordOf(lane, 1_100), 'steady');
    assert.equal(lane.moments.length, 1);
  });

  it('follows the register when a renewal moved the expiry', () => {
    const view = viewOf();
    view.apply(issued('a', 0));
    view.apply({ type: 'credential', id: 'a', at: 20_000, credential: credentialOf('a', 0, { expiresAt: 80_000 }) });
    assert.equal(view.lanes.get('a')!.life.remainingAt(19_999), 40_001);
    assert.equal(view.lanes.get('a')!.life.remainingAt(20_000), 60_000);
    view.apply({
      type: 'credential',
      id: 'a',
      at: 30_000,
      credential: credentialOf('a', 0, { expiresAt: 80_000, status: 'ended' }),
    });
    assert.equal(view.lanes.get('a')!.life.remainingAt(30_000), 0);
  });

  it('joins an effect with its decision, in either order, and takes a score delivered twice once', () => {
    const view = viewOf();
    view.apply(issued('a', 0));
    for (const change of acted('a', 'shorten', 1_000).toReversed()) view.apply(change);
    for (const value of [0.1, 0.2]) view.apply(scored('a', 2_000, value));
    const lane = view.lanes.get('a')!;
    assert.equal(lane.moments.length, 1);
    assert.ok(lane.moments[0]!.decision && lane.moments[0]!.effect);
    assert.deepEqual(lane.scores, [2_000, 0.1]);
  });

  it('keeps bounded history, and harsh moments longer than extensions', () => {
    const view = viewOf({ points: 50, moments: 10 });
    view.apply(issued('a', 0));
    for (const change of acted('a', 'shorten', 500)) view.apply(change);
    for (let at = 1_000; at < 200_000; at += 1_000) {
      view.apply(scored('a', at, 0.2));
      for (const change of acted('a', 'extend', at)) view.apply(change);
    }
    const lane = view.lanes.get('a')!;
    assert.equal(lane.scores.length, 100);
    assert.equal(lane.life.pairs.length, 100);
    assert.equal(lane.moments.length, 10);
    assert.equal(lane.moments[0]!.decision!.action, 'shorten');
    view.prune(1_000_000);
    assert.deepEqual([lane.scores.length, lane.life.pairs.length], [0, 2]);
  });

  it('makes room for a new credential by letting go of ended ones, then of the most silent', () => {
    const view = viewOf({ lanes: 2 });
    view.apply(issued('a', 0));
    view.apply(issued('b', 1));
    view.apply({ type: 'credential', id: 'b', at: 50, credential: credentialOf('b', 1, { status: 'ended' }) });
    assert.deepEqual(view.apply(issued('c', 60)), [{ type: 'gone', id: 'b' }]);
    assert.deepEqual(view.apply(issued('d', 70)), [{ type: 'gone', id: 'a' }]);
    assert.deepEqual([...view.lanes.keys()], ['c', 'd']);
  });

  it('lets go of credentials that ended a history ago', () => {
    const view = viewOf();
    view.apply(issued('a', 0));
    assert.deepEqual(view.prune(350_000), []);
    assert.deepEqual(view.prune(360_001), ['a']);
  });

  it('opens no lane for a score of nobody or a kept TTL, but one for what happens to an unregistered subject', () => {
    const view = viewOf();
    assert.equal(view.apply(scored('x', 1_000, 0.4)), null);
    for (const action of ['prepare', 'used', 'end', 'narrow', 'widen'] as const)
      assert.equal(
        view.apply({ type: 'decision', id: 'ann/vm', at: 1, decision: decisionOf('ann/vm', action, 1) }),
        null,
      );
    assert.equal(view.apply({ type: 'decision', id: 'x', at: 1, decision: decisionOf('x', 'keep', 1) }), null);
    for (const change of acted('x', 'shorten', 2_000)) assert.deepEqual(view.apply(change), []);
    assert.equal(view.lanes.get('x')!.maxTtlMs, 60_000);
  });

  it('gives a snapshot from which a page goes on as the server does', () => {
    const view = viewOf();
    view.apply(issued('a', 0));
    view.apply(scored('a', 1_000, 0.4, { learning: true }));
    for (const change of acted('a', 'extend', 2_000)) view.apply(change);
    const snapshot = JSON.parse(JSON.stringify(view.snapshot(3_000, true))) as Snapshot;
    assert.deepEqual([snapshot.id, snapshot.demo, snapshot.lanes[0]!.scores], [4, true, [1_000, -0.4]]);
    const page = new Lane('a', view.limits, snapshot.lanes[0]);
    for (const change of [scored('a', 4_000, 0.95), ...acted('a', 'revoke', 5_000)]) {
      view.apply(change);
      page.apply(change);
    }
    assert.deepEqual(page.snapshot(), view.lanes.get('a')!.snapshot());
    assert.equal(wordOf(page, 6_000), 'revoked');
  });
});
