import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { raiseByThreat } from '../../operators/raiseByThreat.ts';
import { threatPolicySchema } from '../../schemas/threat.ts';

const policy = threatPolicySchema.parse({});
const drop = { feed: 'drop', indicator: '192.0.2.0/24', confidence: 90 };

test('raiseByThreat must add weight × confidence and name the match', () => {
  assert.deepEqual(raiseByThreat(20, [drop], policy), {
    risk: 56,
    uplift: 36,
    reasons: ['192.0.2.0/24 is on threat feed drop with confidence 90, worth 36 points of risk'],
  });
});

test('raiseByThreat must leave a risk without matches as it is', () => {
  assert.deepEqual(raiseByThreat(20, [], policy), { risk: 20, uplift: 0, reasons: [] });
});

test('raiseByThreat must count the heaviest match alone, and name the others after it', () => {
  const tor = { feed: 'tor', indicator: '192.0.2.9/32', confidence: 100 };
  const raised = raiseByThreat(0, [drop, tor, drop], threatPolicySchema.parse({ feedWeights: { tor: 10 } }));
  assert.equal(raised.risk, 36);
  assert.deepEqual(
    raised.reasons.map((reason) => reason.split(' ')[5]),
    ['drop', 'tor'],
  );
});

test('raiseByThreat must not count what is too uncertain, nor a feed without weight', () => {
  const unsure = { ...drop, confidence: 19 };
  assert.equal(raiseByThreat(5, [unsure], policy).risk, 5);
  assert.deepEqual(raiseByThreat(5, [drop], threatPolicySchema.parse({ feedWeights: { drop: 0 } })).reasons, []);
});

test('raiseByThreat must stay within 0 to 100, never lower a risk, and not depend on order', () => {
  const match = fc.record({
    feed: fc.constantFrom('a', 'b', 'c'),
    indicator: fc.constantFrom('192.0.2.0/24', '2001:db8::/32'),
    confidence: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.array(match), (risk, matches) => {
      const raised = raiseByThreat(risk, matches, policy);
      assert.ok(raised.risk >= risk && raised.risk <= 100);
      assert.deepEqual(raiseByThreat(risk, [...matches].reverse(), policy), raised);
    }),
  );
});
