import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { loadRecording } from '../../../models/data/index.ts';
import { type FrogAttack, frogFactor, simulateFrogs } from '../../../models/evaluation/frog.ts';
import { resourceFeatures } from '../../../models/features/resource.ts';
import { shippedScorer } from './scorer.ts';

const scorer = await shippedScorer();
after(() => scorer.close());

const attack: FrogAttack = { metrics: ['sentBytes'], doublingWindows: 100, start: 600, most: 1000 };

test('frogFactor() is one before the attack, doubles, and stops', () => {
  assert.deepEqual(
    [0, 600, 700, 5000].map((window) => frogFactor(attack, window)),
    [1, 1, 2, 1000],
  );
});

test('simulateFrogs(): a slow takeover of one metric is noticed by its anchor before it has come far', async () => {
  const recordings = ['smd-2-8-benign', 'smd-3-4-benign', 'smd-2-1-benign'].map((name) => loadRecording(name));
  const notice = { perSubjectDay: 0.1, clusterWindows: 2, moderate: 0.6 };
  const outcomes = await simulateFrogs(scorer, resourceFeatures, recordings, [attack], notice);
  assert.equal(outcomes.length, recordings.length);
  for (const { recording, windowsToStrayed, multipleAtStrayed } of outcomes) {
    assert.ok(windowsToStrayed !== undefined, recording);
    assert.ok(multipleAtStrayed < 40, `${recording}: ${multipleAtStrayed}`);
  }
});
