import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveLabels } from '../../../models/feedback/labels.ts';
import type { Label } from '../../../schemas/generated/Label.ts';

const windowMs = 10_000;
const decisions = [
  { decisionId: 'd1', subject: 'a', windowEnd: 1_000_000 },
  { decisionId: 'd2', subject: 'a', windowEnd: 2_000_000 },
];
const label = (more: Partial<Label>): Label => ({
  subject: 'a',
  decisionId: null,
  verdict: 'falsePositive',
  windowStart: null,
  windowEnd: null,
  note: '',
  by: 'ann',
  at: 3_000_000,
  ...more,
});
const resolve = (...labels: Label[]) =>
  resolveLabels(labels, {
    windowMs,
    decision: (id) => decisions.find((one) => one.decisionId === id),
    lastDecision: (subject, at) => decisions.findLast((one) => one.subject === subject && one.windowEnd <= at),
  });
const reasons = (...labels: Label[]) => resolve(...labels).refused.map(({ why }) => why);

test("resolveLabels() judges the windows up to the decision's, the time given, or the last decision before", () => {
  const times = (one: Label) => resolve(one).judgements.map(({ fromMs, toMs }) => [fromMs, toMs]);
  assert.deepEqual(times(label({ decisionId: 'd1' })), [[940_000, 1_000_000]]);
  assert.deepEqual(times(label({ windowStart: 5, windowEnd: 9 })), [[5, 9]]);
  assert.deepEqual(times(label({ windowEnd: 100_000 })), [[40_000, 100_000]]);
  assert.deepEqual(times(label({ at: 1_500_000 })), [[940_000, 1_000_000]]);
});

test('resolveLabels() leaves out what names no decision, and says why', () => {
  assert.deepEqual(reasons(label({ decisionId: 'd9' })), ['there is no decision d9']);
  assert.deepEqual(reasons(label({ decisionId: 'd1', subject: 'b' })), ['decision d1 is about a, not b']);
  assert.match(reasons(label({ subject: 'b' }))[0]!, /names no decision and no time/);
  assert.match(reasons(label({ windowStart: 9, windowEnd: 5 }))[0]!, /ends before it begins/);
  assert.match(reasons(label({ decisionId: 'd1', verdict: 'unknown' }))[0]!, /unknown to this version/);
});

test('resolveLabels() lets an analyst take back what he said of a decision, and nothing else', () => {
  const said = [
    label({ decisionId: 'd1', verdict: 'maliciousActivity' }),
    label({ decisionId: 'd2', verdict: 'maliciousActivity' }),
    label({ decisionId: 'd1', verdict: 'maliciousActivity', by: 'bob' }),
  ];
  const { judgements, refused } = resolve(...said, label({ decisionId: 'd1', verdict: 'withdrawn', at: 3_000_001 }));
  assert.deepEqual(
    judgements.map(({ decisionId, by }) => [decisionId, by]),
    [
      ['d1', 'bob'],
      ['d2', 'ann'],
    ],
  );
  assert.deepEqual(
    refused.map(({ why }) => why),
    ['ann took it back later'],
  );
});

test('resolveLabels() lets an analyst correct himself, and leaves out what two contradict', () => {
  const first = label({ decisionId: 'd1', verdict: 'maliciousActivity' });
  const corrected = resolve(first, label({ decisionId: 'd1', verdict: 'legitimateAnomaly', at: 3_000_001 }));
  assert.deepEqual(
    corrected.judgements.map(({ verdict }) => verdict),
    ['legitimateAnomaly'],
  );
  assert.match(corrected.refused[0]!.why, /ann corrected it later, to a legitimate anomaly/);
  const contradicted = resolve(first, label({ decisionId: 'd1', by: 'bob' }), label({ decisionId: 'd2' }));
  assert.deepEqual(
    contradicted.judgements.map(({ decisionId }) => decisionId),
    ['d2'],
  );
  assert.equal(contradicted.refused.length, 2);
  assert.ok(contradicted.refused.every(({ why }) => /they contradict$/.test(why)));
});
