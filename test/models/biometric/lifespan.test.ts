import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifespanOf, lifespanRule, lifespanRuleSchema } from '../../../models/biometric/lifespan.ts';

const minutes = (risk: number): number => lifespanOf(risk) / 60_000;

test('lifespanOf() follows the rule, bounds belonging to the longer life', () => {
  assert.deepEqual([0, 0.2, 0.21, 0.5, 0.51, 0.8, 0.81, 1].map(minutes), [1440, 1440, 360, 360, 60, 60, 5, 5]);
});

test('lifespanOf() takes what is no number for the highest risk', () => {
  assert.equal(minutes(Number.NaN), 5);
  assert.equal(minutes(2), 5);
});

test('the rule must fall in risk and rise in lifespan', () => {
  assert.ok(lifespanRuleSchema.safeParse(lifespanRule).success);
  const [first, second] = lifespanRule.classes;
  for (const classes of [[second!, first!], [{ above: 0.8, lifespanMs: 9e6 }, second!], []])
    assert.ok(!lifespanRuleSchema.safeParse({ ...lifespanRule, classes }).success);
  assert.ok(!lifespanRuleSchema.safeParse({ ...lifespanRule, otherwiseMs: 1000 }).success);
});
