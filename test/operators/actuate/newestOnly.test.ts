import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { overtaken } from '../../../operators/actuate/newestOnly.ts';

const decision = fc.record({
  action: fc.constantFrom('extend' as const, 'shorten' as const, 'revoke' as const),
  windowEnd: fc.integer({ min: 0, max: 5 }),
});

test('overtaken must leave the newest and every revocation, and nothing beside a revocation', () => {
  assert.deepEqual(
    overtaken(
      [
        { action: 'shorten', windowEnd: 1 },
        { action: 'extend', windowEnd: 2 },
      ],
      undefined,
    ),
    [2, undefined],
  );
  assert.deepEqual(
    overtaken(
      [
        { action: 'extend', windowEnd: 2 },
        { action: 'shorten', windowEnd: 1 },
      ],
      undefined,
    ),
    [undefined, 2],
  );
  assert.deepEqual(
    overtaken(
      [
        { action: 'revoke', windowEnd: 1 },
        { action: 'extend', windowEnd: 2 },
      ],
      undefined,
    ),
    [undefined, 1],
  );
  assert.deepEqual(overtaken([{ action: 'extend', windowEnd: 3 }], { windowEnd: 4, revoked: false }), [4]);
  assert.deepEqual(overtaken([{ action: 'revoke', windowEnd: 3 }], { windowEnd: 4, revoked: false }), [undefined]);
  fc.assert(
    fc.property(fc.array(decision, { minLength: 1, maxLength: 8 }), (decisions) => {
      const standing = decisions.filter((_, index) => overtaken(decisions, undefined)[index] === undefined);
      const revocations = decisions.filter(({ action }) => action === 'revoke');
      if (revocations.length > 0) return assert.deepEqual(standing, revocations);
      assert.equal(standing.length, 1);
      assert.equal(standing[0]!.windowEnd, Math.max(...decisions.map(({ windowEnd }) => windowEnd)));
    }),
  );
});
