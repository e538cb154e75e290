import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoOptions } from '../../../infra/demo/demo.ts';
import { fleet, type RecordedMember, takenOver } from '../../../infra/demo/fleet.ts';
import { demoPolicy } from '../../../infra/demo/policy.ts';
import { leadRows, Reel } from '../../../infra/demo/reel.ts';
import { loadAnomalyModel, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { windowVectors } from '../../../models/training/windows.ts';

const rowsPerWindow = demoPolicy.windowMs / demoOptions.sampleMs;
/** Two and a half minutes, in which each calm recording comes round at least once. */
const windows = 300;

/** Scores of a function over windows; it is taken over at a row. */
const scoresOf = async ({ machine, startRow }: RecordedMember, takenOverAt = Number.POSITIVE_INFINITY, before = 0) => {
  const model = await loadAnomalyModel(shippedAnomalyModel(), { windowMs: demoPolicy.windowMs });
  const reel = new Reel(machine, startRow);
  const columns = resourceMetrics.map(() => new Float64Array(windows * rowsPerWindow));
  for (let row = 0; row < windows * rowsPerWindow; row++) {
    if (row === takenOverAt) reel.misbehave(before);
    const sample = reel.next(row) as unknown as Record<string, number | null>;
    resourceMetrics.forEach((metric, i) => {
      columns[i]![row] = sample[metric] ?? Number.NaN;
    });
  }
  const { size } = model.spec;
  const vectors = windowVectors(model.spec, columns, 0, windows, rowsPerWindow);
  const state = new Float32Array(model.stateSize);
  const scores: number[] = [];
  for (let window = 0; window < windows; window++) {
    const vector = vectors.subarray(window * size, (window + 1) * size);
    const { score } = await model.score(vector, state, Float64Array.of((window + 1) * demoPolicy.windowMs), 1);
    scores.push(score[0]!);
  }
  await model.close();
  return scores;
};

test('each function of the fleet is calm while it does what was recorded in calm', async () => {
  for (const member of fleet) {
    const scores = await scoresOf(member);
    assert.ok(Math.max(...scores) < demoPolicy.moderate, `${member.function}: ${Math.max(...scores)}`);
    const low = scores.filter((score) => score < demoPolicy.low).length;
    assert.ok(low > windows * 0.8, `${member.function}: ${low} windows of ${windows} are low`);
  }
});

test('each function that is taken over strikes until it is revoked', async () => {
  for (const name of takenOver) {
    const member = fleet.find((one) => one.function === name)!;
    // The first one's machine runs into its own anomaly, from the calm that came before it.
    const [at, before] = name === takenOver[0] ? [0, leadRows] : [300, 0];
    const scores = await scoresOf(member, at, before);
    const first = (at + before) / rowsPerWindow;
    const strikes = scores.slice(first, first + 40).filter((score) => score > demoPolicy.high).length;
    assert.ok(strikes > demoPolicy.strikes, `${name}: ${strikes} strikes in 40 windows`);
    assert.ok(Math.max(...scores.slice(0, first)) < demoPolicy.high, `${name} before`);
  }
});
