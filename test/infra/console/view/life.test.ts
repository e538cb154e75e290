import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Life } from '../../../../infra/console/view/life.ts';

describe('Life', () => {
  it('falls with the clock, rises when extended, drops when shortened, and is empty once over', () => {
    const life = new Life(100);
    life.set(0, 60_000);
    life.set(30_000, 150_000);
    life.set(50_000, 60_000);
    assert.deepEqual(
      [-1, 0, 20_000, 30_000, 49_999, 50_000, 60_000, 90_000].map((at) => life.remainingAt(at)),
      [null, 60_000, 40_000, 120_000, 100_001, 10_000, 0, 0],
    );
  });

  it('gives one answer whatever the order in which changes arrive', () => {
    const changes = fc.uniqueArray(
      fc.record({ at: fc.integer({ min: 0, max: 1_000 }), expiresAt: fc.integer({ min: 0, max: 5_000 }) }),
      {
        selector: ({ at }) => at,
        minLength: 1,
        maxLength: 20,
      },
    );
    const asked = fc.integer({ min: 0, max: 2_000 });
    fc.assert(
      fc.property(changes, asked, (list, at) => {
        const [ordered, reversed] = [new Life(100), new Life(100)];
        const sorted = [...list].sort((left, right) => left.at - right.at);
        for (const change of sorted) ordered.set(change.at, change.expiresAt);
        for (const change of sorted.toReversed()) reversed.set(change.at, change.expiresAt);
        const last = sorted.findLast((change) => change.at <= at);
        const expected = last ? Math.max(0, last.expiresAt - at) : null;
        assert.equal(ordered.remainingAt(at), expected);
        assert.equal(reversed.remainingAt(at), expected);
      }),
    );
  });

  it('keeps no more changes than it may, and the expiry in force when it prunes', () => {
    const life = new Life(10);
    for (let at = 0; at < 100; at += 1) life.set(at, 1_000 + at);
    assert.equal(life.pairs.length, 20);
    life.prune(98);
    assert.deepEqual(life.pairs, [98, 1_098, 99, 1_099]);
    life.prune(5_000);
    assert.deepEqual(life.pairs, [99, 1_099]);
  });
});
