import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultAnomalyParameters } from '../../../models/anomaly/parameters.ts';
import { countDeviation } from '../../../models/anomaly/scores.ts';
import { stateLayout } from '../../../models/anomaly/state.ts';
import { resourceFeatures } from '../../../models/features/resource.ts';
import { createRandom } from '../../../models/training/random.ts';
import { replaySubjects } from '../../../models/training/replay.ts';
import { syntheticProcess } from '../../../models/training/synthetic.ts';
import { windowVectors } from '../../../models/training/windows.ts';
import { shippedScorer } from '../evaluation/scorer.ts';

const parameters = defaultAnomalyParameters;
const layout = stateLayout(24, 12, 32);
const { trustWindows, mostRelief } = parameters;
const observation = (seen: number) => ({
  ...{ seen, elapsed: 1, judged: 12, residualEnergy: 1, levelEnergy: 1, strayed: 0, strayedMetric: -1 },
});

/** Frequency after twelve windows of one kind, and whether the last one slows learning. */
const after = (seen: number, own: number, cohort: number) => {
  const states = new Float32Array(layout.size);
  let frequency = 0;
  for (let i = 0; i < 12; i++)
    frequency = countDeviation(states, 0, layout, observation(seen), { own, cohort }, parameters);
  return { frequency, slowed: states[layout.deviating] === 1 };
};

test('countDeviation() counts by the cohort while a subject is young, and by its own reference once it is known', () => {
  assert.ok(after(100, 1, 2.5).frequency > 0.8);
  assert.ok(after(trustWindows, 1, 2.5).frequency > 0.8);
  assert.equal(after(2 * trustWindows, 1, 2.5).frequency, 0);
  assert.ok(after(2 * trustWindows, 1, mostRelief + 2.5).frequency > 0.8, 'relief has an end');
  assert.ok(
    after(2 * trustWindows, 2.5, 1).frequency > 0.8,
    'what is strange for the subject itself counts at any age',
  );
  assert.equal(after(100, 1, 1).frequency, 0);
});

test('countDeviation() slows learning after what deviates by the subject or by its cohort, at any age', () => {
  for (const seen of [100, 10 * trustWindows]) {
    assert.ok(after(seen, 1, 2.5).slowed);
    assert.ok(after(seen, 2.5, 1).slowed);
    assert.ok(!after(seen, 1, 1).slowed);
  }
});

test('shipped model: an attack does not excuse the next one', async () => {
  const random = createRandom(8);
  const [windows, length, rows] = [450, 12, 2];
  const starts = [225, 390];
  const attacked = ['apiCalls', 'sentBytes', 'dataReads', 'receivedBytes'];
  const within = (window: number): boolean => starts.some((start) => window >= start && window < start + length);
  const subjects = Array.from({ length: 12 }, () => {
    const columns = syntheticProcess(random, windows * rows);
    for (const [metric, column] of columns.entries()) {
      if (!attacked.includes(resourceFeatures.features[2 * metric]!.name.split('.')[0]!)) continue;
      column.forEach((value, row) => {
        if (within(Math.floor(row / rows))) column[row] = 3 * value;
      });
    }
    return { windows, vectors: windowVectors(resourceFeatures, columns, 0, windows, rows) };
  });
  const scorer = await shippedScorer();
  const highest = subjects.map(() => starts.map(() => 0));
  await replaySubjects(scorer, subjects, resourceFeatures.size, (subject, window, { score }, row) => {
    const nth = starts.findIndex((start) => window >= start && window < start + length);
    if (nth >= 0) highest[subject]![nth] = Math.max(highest[subject]![nth]!, score[row]!);
  });
  await scorer.close();
  const first = highest.filter(([score]) => score! > 0.6);
  const both = first.filter(([, score]) => score! > 0.6);
  assert.ok(first.length >= 8, `${first.length} of ${subjects.length} first attacks raise an alarm`);
  assert.ok(both.length >= 0.75 * first.length, `${both.length} of ${first.length} second ones do`);
});
