import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { loadAnomalyModel, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { inventedSubjects } from '../fixtures.ts';

const model = await loadAnomalyModel(shippedAnomalyModel());
after(() => model.close());
const { size } = model.spec;
const everyMs = 10_000;

const scoresOf = async (vectorAt: (window: number) => Float32Array, times: readonly number[]) => {
  const state = new Float32Array(model.stateSize);
  const scores: number[] = [];
  for (const [window, time] of times.entries())
    scores.push((await model.score(vectorAt(window), state, Float64Array.of(time), 1)).score[0]!);
  assert.ok(state.every(Number.isFinite));
  return scores;
};
const regular = (windows: number): number[] => Array.from({ length: windows }, (_, window) => window * everyMs);

test('AnomalyModel.score() takes constant features for normal', async () => {
  for (const value of [0, 1, 12]) {
    const scores = await scoresOf(() => new Float32Array(size).fill(value), regular(400));
    assert.ok(Math.max(...scores) < model.manifest.thresholds.low, `${value}: ${Math.max(...scores)}`);
  }
});

test('AnomalyModel.score() takes no silence for an anomaly, however long', async () => {
  const [vectors] = inventedSubjects(31, 1, 300);
  const at = (window: number): Float32Array => vectors!.subarray(window * size, (window + 1) * size);
  const plain = await scoresOf(at, regular(300));
  for (const gapMs of [60_000, 86_400_000, 10 * 365 * 86_400_000]) {
    const times = regular(300).map((time, window) => (window < 150 ? time : time + gapMs));
    const scores = await scoresOf(at, times);
    assert.ok(scores[150]! <= Math.max(plain[150]!, ...plain.slice(140, 150)) + 0.1, `${gapMs}: ${scores[150]}`);
    assert.ok(scores.every((score) => score >= 0 && score <= 1));
  }
});

test('AnomalyModel.score() bears clocks that stand still or go back', async () => {
  const [vectors] = inventedSubjects(32, 1, 200);
  const times = regular(200).map((time, window) => (window % 7 === 0 ? time - 3 * everyMs : time));
  const scores = await scoresOf((window) => vectors!.subarray(window * size, (window + 1) * size), times);
  assert.ok(scores.every((score) => score >= 0 && score <= 1));
});

test('AnomalyModel.score() explains a subject never seen before, and one without a single metric, with nothing', async () => {
  for (const vector of [new Float32Array(size).fill(3), new Float32Array(size).fill(Number.NaN)]) {
    const state = new Float32Array(model.stateSize);
    const scores = await model.score(vector, state, Float64Array.of(0), 1);
    assert.deepEqual([scores.learning[0], scores.score[0], scores.contributions(0, 3)], [1, 0, []]);
  }
});

test('AnomalyModel.score() names direction, amounts and unit of what moved', async () => {
  const [vectors] = inventedSubjects(33, 1, 200);
  const at = model.spec.features.findIndex(({ name }) => name === 'receivedBytes.level');
  const state = new Float32Array(model.stateSize);
  let top = undefined as ReturnType<Awaited<ReturnType<typeof model.score>>['contributions']>[number] | undefined;
  for (let window = 0; window < 200; window++) {
    const row = vectors!.slice(window * size, (window + 1) * size);
    if (window >= 190) row[at]! += 6;
    top = (await model.score(row, state, Float64Array.of(window * everyMs), 1)).contributions(0, 1)[0];
  }
  assert.deepEqual([top!.feature, top!.direction, top!.unit], ['receivedBytes.level', 'above', 'bytes/s']);
  assert.ok(top!.observed! > 20 * top!.expected!, `${top!.observed} instead of ${top!.expected}`);
});
