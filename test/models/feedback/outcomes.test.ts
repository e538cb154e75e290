import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Judgement } from '../../../models/feedback/labels.ts';
import { episodesIn, judgedOutcomes } from '../../../models/feedback/outcomes.ts';

test('episodesIn() counts runs above the threshold, not windows', () => {
  assert.equal(episodesIn([], 0.5), 0);
  assert.equal(episodesIn([0.6, 0.7, 0.5, 0.6, 0.1, 0.9], 0.5), 3);
  assert.equal(episodesIn([0.5, 0.5], 0.5), 0);
});

test('judgedOutcomes() tells who was held out, and which attacks are lost', () => {
  const judged = (['maliciousActivity', 'maliciousActivity', 'falsePositive'] as const).map((verdict, i) => ({
    judgement: {
      subject: `s${i}`,
      verdict,
      fromMs: i,
      toMs: i + 1,
      decisionId: null,
      by: 'ann',
      at: 9,
    } satisfies Judgement,
  }));
  const outcome = judgedOutcomes(judged, [judged[1]!], [80, 80, 80], [70, 30, 20], 30, 100);
  assert.deepEqual(
    outcome.judged.map(({ subject, heldOut, champion, challenger }) => [subject, heldOut, champion, challenger]),
    [
      ['s0', false, 0.8, 0.7],
      ['s1', true, 0.8, 0.3],
      ['s2', false, 0.8, 0.2],
    ],
  );
  assert.deepEqual(outcome.lost, [{ subject: 's1', fromMs: 1, toMs: 2, champion: 0.8, challenger: 0.3 }]);
});
