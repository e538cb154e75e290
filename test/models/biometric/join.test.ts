import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinOpinions } from '../../../models/biometric/join.ts';
import { sigmoid } from '../../../models/biometric/risk.ts';

const weights = { typing: 2, mouse: 1, scrolling: 0 };

test('joinOpinions() weighs log odds', () => {
  const joint = joinOpinions(
    [
      { verifier: 'typing', logOdds: 3 },
      { verifier: 'mouse', logOdds: -3 },
    ],
    weights,
  );
  assert.ok(Math.abs(joint!.risk - sigmoid(1)) < 1e-12);
  assert.deepEqual(joint!.shares, { typing: 2 / 3, mouse: 1 / 3 });
  assert.deepEqual(joint!.missing, []);
});

test('joinOpinions() lets others fill the place of what is missing or no number', () => {
  for (const opinions of [
    [{ verifier: 'mouse', logOdds: 2 }],
    [
      { verifier: 'mouse', logOdds: 2 },
      { verifier: 'typing', logOdds: Number.NaN },
    ],
  ]) {
    const joint = joinOpinions(opinions, weights)!;
    assert.ok(Math.abs(joint.risk - sigmoid(2)) < 1e-12);
    assert.deepEqual(joint.missing, ['typing']);
  }
});

test('joinOpinions() lets no opinion drown the others, and hears nobody without a weight', () => {
  const joint = joinOpinions(
    [
      { verifier: 'typing', logOdds: -1e9 },
      { verifier: 'mouse', logOdds: Number.POSITIVE_INFINITY },
    ],
    { typing: 1, mouse: 1 },
  );
  assert.equal(joint!.risk, 0.5);
  assert.equal(joinOpinions([{ verifier: 'scrolling', logOdds: 1 }], weights), undefined);
  assert.equal(joinOpinions([], weights), undefined);
});
