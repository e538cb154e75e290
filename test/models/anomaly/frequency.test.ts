import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultAnomalyParameters } from '../../../models/anomaly/parameters.ts';
import { countDeviation } from '../../../models/anomaly/scores.ts';
import { stateLayout } from '../../../models/anomaly/state.ts';
import { resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
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

const attackedMetrics = ['apiCalls', 'sentBytes', 'dataReads', 'receivedBytes'];
const [windows, length, rowsPerWindow] = [450, 12, 2];
const starts = [225, 390];

/** The attack that lasts in a window, by number; −1 for none. */
const attackIn = (window: number): number => starts.findIndex((start) => window >= start && window < start + length);

/** Invented subjects that are attacked twice in the same way. */
const attackedTwice = () => {
  const random = createRandom(8);
  return Array.from({ length: 24 }, () => {
    const columns = syntheticProcess(random, windows * rowsPerWindow);
    for (const [metric, column] of columns.entries()) {
      if (!attackedMetrics.includes(resourceMetrics[metric]!)) continue;
      column.forEach((value, row) => {
        if (attackIn(Math.floor(row / rowsPerWindow)) >= 0) column[row] = 3 * value;
      });
    }
    return { windows, vectors: windowVectors(resourceFeatures, columns, 0, windows, rowsPerWindow) };
  });
};

/** Attacks that reach the moderate threshold: first ones, second ones. */
const found = async (change: Partial<typeof parameters>): Promise<number[]> => {
  const scorer = await shippedScorer(change);
  const highest = starts.map(() => new Map<number, number>());
  await replaySubjects(scorer, attackedTwice(), resourceFeatures.size, (subject, window, { score }, row) => {
    const of = highest[attackIn(window)];
    of?.set(subject, Math.max(of.get(subject) ?? 0, score[row]!));
  });
  await scorer.close();
  return highest.map((of) => [...of.values()].filter((score) => score > 0.6).length);
};

test('shipped model: an attack hides the next one much less than if its reference relieved a young subject', async () => {
  const [first, second] = await found({});
  const [, excused] = await found({ trustWindows: 1 });
  assert.ok(first! >= 16, `${first} of 24 first attacks raise an alarm`);
  assert.ok(second! >= 10, `${second} of 24 second attacks do`);
  assert.ok(second! >= 2 * excused!, `${second} instead of ${excused}`);
});
