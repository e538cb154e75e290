import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAnomalyModel, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { listRecordings, loadRecording } from '../../../models/data/index.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { windowVectors } from '../../../models/training/windows.ts';

const rowsPerWindow = 5;

/** Scores of a recording from a row on, as a new subject. */
const scoresFrom = async (name: string, from: number, windows: number): Promise<number[]> => {
  const model = await loadAnomalyModel(shippedAnomalyModel());
  const { metrics } = loadRecording(name);
  const columns = resourceMetrics.map((metric) => metrics[metric]);
  const vectors = windowVectors(model.spec, columns, from, windows, rowsPerWindow);
  const state = new Float32Array(model.stateSize);
  const scores: number[] = [];
  for (let window = 0; window < windows; window++) {
    const row = vectors.subarray(window * model.spec.size, (window + 1) * model.spec.size);
    const { score } = await model.score(row, state, Float64Array.of(1_700_000_000_000 + window * 500), 1);
    scores.push(score[0]!);
  }
  await model.close();
  return scores;
};

for (const name of ['smd-2-8-anomaly', 'smd-1-7-anomaly'])
  test(`shipped model: ${name} crosses moderate and then high within 20 windows, and stays below before`, async () => {
    const model = await loadAnomalyModel(shippedAnomalyModel());
    const { moderate, high } = model.manifest.thresholds;
    await model.close();
    const { anomaly } = listRecordings().find((it) => it.name === name)!;
    const calmWindows = 50;
    const scores = await scoresFrom(name, anomaly!.from - calmWindows * rowsPerWindow, calmWindows + 8);
    assert.ok(Math.max(...scores.slice(0, calmWindows - 10)) < moderate, 'calm before');
    assert.ok(Math.max(...scores.slice(calmWindows)) > high, 'high during');
  });

for (const { name, rows } of listRecordings('benign'))
  test(`shipped model: ${name} never scores above high and mostly below low`, async () => {
    const model = await loadAnomalyModel(shippedAnomalyModel());
    const { low, high, moderate } = model.manifest.thresholds;
    await model.close();
    const windows = Math.floor(rows / rowsPerWindow);
    const scores = (await scoresFrom(name, 0, windows)).slice(30);
    assert.ok(Math.max(...scores) < high);
    assert.ok(scores.filter((score) => score < low).length > 0.85 * scores.length);
    assert.ok(scores.filter((score) => score > moderate).length <= 0.02 * scores.length);
  });
