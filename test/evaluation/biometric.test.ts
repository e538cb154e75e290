import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { cmuEvaluator } from '../../models/evaluation/biometric/cmu.ts';
import { readCmu } from '../../models/evaluation/biometric/cmuData.ts';
import { cmuDetectors } from '../../models/evaluation/biometric/names.ts';
import { paperRates } from '../../models/evaluation/biometric/paper.ts';
import { publishedDetectors } from '../../models/evaluation/biometric/published.ts';
import { published, ratesOf, tryPerson } from '../../models/evaluation/biometric/trials.ts';
import { sharedData } from '../services/require.ts';

const folder = join(sharedData(), 'keystroke');
const skip = existsSync(folder) ? false : `the data set is not in ${folder}`;
const onProgress = () => undefined;

/** Zero-miss false alarms in table 3 of the paper. */
const zeroMissReported: Readonly<Record<string, number>> = {
  scaledManhattan: 0.601,
  nearestMahalanobis: 0.468,
  outlierCount: 0.782,
  mahalanobis: 0.482,
  filteredManhattan: 0.757,
  manhattan: 0.843,
  euclidean: 0.875,
};

suite('CMU keystroke benchmark', () => {
  test('the detectors of the paper give what it reports', { skip }, async () => {
    const data = readCmu(folder);
    const everybody = [...data.typists.keys()];
    for (const [name, detector] of Object.entries(publishedDetectors)) {
      const scores = [];
      for (const person of everybody) {
        const score = detector(data.typists[person]!.seconds.subarray(0, 200 * data.timings), data.timings);
        const scoring = (samples: readonly Float64Array[]) => samples.map(score);
        scores.push(await tryPerson(data, person, everybody, published, scoring, data.seconds));
      }
      const { eerMean, eerSd, zeroMissFalseAlarm } = ratesOf(scores);
      const paper = paperRates.find(({ rebuilt }) => rebuilt === name)!;
      // Two timings of some rows are rebuilt to within 0.3 ms
      assert.ok(Math.abs(eerMean - paper.eerMean) < 3e-4, `${name}: ${eerMean}`);
      assert.ok(Math.abs(eerSd - paper.eerSd) < 3e-4, `${name}: ${eerSd}`);
      assert.ok(Math.abs(zeroMissFalseAlarm - zeroMissReported[name]!) < 3e-3, `${name}: ${zeroMissFalseAlarm}`);
    }
  });

  test('the verifiers reach the floors: own samples, people never seen, lifespans, poisoning', { skip }, async () => {
    // Two of five folds of the comparator, with half the updates: minutes on a slow core. The command takes all
    const evaluate = cmuEvaluator({ folds: [1, 3], epochs: 9 });
    const { figures } = await evaluate({ folder, detectors: cmuDetectors.slice(0, 3), onProgress });
    const atMost = (name: string, bound: number) => assert.ok(figures[name]! <= bound, `${name}: ${figures[name]}`);
    const atLeast = (name: string, bound: number) => assert.ok(figures[name]! >= bound, `${name}: ${figures[name]}`);
    atMost('eerMean', 0.05);
    atMost('eerMeanBackground', 0.03);
    atMost('eerPractised', 0.08);
    atLeast('ownersAtLeast6h', 0.95);
    atLeast('impostorsAtMost1h', 0.93);
    atLeast('ownersAtLeast6hAnchored', 0.95);
    atMost('poisonedAnchored', 0.3);
    atLeast('poisonedLowRisk', 0.9);
    atMost('eer10Enrolled', 0.12);
    atMost('eer50Enrolled', 0.07);
    atMost('eerAsFreeTyping', 0.1);
  });
});
