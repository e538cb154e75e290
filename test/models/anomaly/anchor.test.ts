import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorFollower } from '../../../models/anomaly/anchor.ts';
import { loadAnomalyModel, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { defaultAnomalyParameters } from '../../../models/anomaly/parameters.ts';
import { stateLayout } from '../../../models/anomaly/state.ts';
import { inventedSubjects } from '../fixtures.ts';

const layout = stateLayout(24, 12, 32);
const anchor = anchorFollower(layout, defaultAnomalyParameters);
const follow = (levels: readonly number[]): number[] => {
  const state = new Float32Array(layout.size);
  return levels.map((level, window) => {
    const away = anchor(state, 0, 0, level);
    state[layout.metricSeen] = window + 1;
    return away;
  });
};
const slowly = (doubling: number, windows: number): number[] =>
  Array.from({ length: windows }, (_, window) => 5 + (Math.LN2 * Math.max(0, window - 1000)) / doubling);

test('anchorFollower() notices growth however slow, before it has come far', () => {
  for (const doubling of [100, 400, 1600]) {
    const window = follow(slowly(doubling, 12_000)).findIndex((away) => away > 1);
    const multiple = 2 ** ((window - 1000) / doubling);
    assert.ok(window > 0 && multiple < 16, `${doubling}: ${multiple}`);
  }
});

test('anchorFollower() says nothing of what stays, falls or only bursts', () => {
  const steady = Array.from({ length: 3000 }, (_, window) => 5 + Math.sin(window / 50));
  const falling = steady.map((level, window) => level - window / 1000);
  const bursts = steady.map((level, window) => level + (window % 100 < 5 ? 3 : 0));
  for (const levels of [steady, falling, bursts]) assert.ok(Math.max(...follow(levels)) < 1);
});

test('AnomalyModel.score() names the feature that strayed and keeps the score from falling below', async () => {
  const model = await loadAnomalyModel(shippedAnomalyModel());
  const { size } = model.spec;
  const windows = 900;
  const [vectors] = inventedSubjects(21, 1, windows);
  const at = model.spec.features.findIndex(({ name }) => name === 'sentBytes.level');
  const state = new Float32Array(model.stateSize);
  let named = '';
  for (let window = 0; window < windows; window++) {
    const row = vectors!.slice(window * size, (window + 1) * size);
    row[at]! += Math.max(0, window - 400) * 0.02;
    const scores = await model.score(row, state, Float64Array.of(window * 10_000), 1);
    if (scores.strayed[0]! <= 1) continue;
    named = scores.strayedFeature(0);
    assert.ok(scores.score[0]! >= model.manifest.parameters.strayedScore);
  }
  assert.equal(named, 'sentBytes.level');
  await model.close();
});
