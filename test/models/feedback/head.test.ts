import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnomalyScores } from '../../../models/anomaly/scores.ts';
import { applyHead, headInputs } from '../../../models/feedback/head.ts';
import { fitLogistic } from '../../../models/feedback/logistic.ts';
import { createRandom } from '../../../models/training/random.ts';

const scoresOf = (score: number, feature: string, learning = 0): AnomalyScores => ({
  score: Float64Array.of(score),
  severity: Float64Array.of(0.5),
  frequency: Float64Array.of(0),
  pValue: Float64Array.of(0.01),
  statistic: Float64Array.of(1),
  learning: Uint8Array.of(learning),
  elapsed: Float64Array.of(1),
  cohortP: Float64Array.of(0.01),
  strayed: Float64Array.of(0),
  strayedFeature: () => '',
  parts: new Float32Array(0),
  contributions: () => [{ feature, weight: 1 }] as never,
});
const head = (coefficients: Record<string, number>) => ({
  coefficients: headInputs.map((name) => coefficients[name] ?? 0),
  penalty: 1,
  learnedFrom: { malicious: 1, benign: 1, background: 0 },
});

const layout = { size: 3, held: 2 };
const carried = () => ({ states: new Float32Array(3), layout });

test('applyHead() with nothing learned leaves scores as they are', () => {
  const scores = scoresOf(0.7, 'cpuCores.level');
  applyHead(head({}), scores, 1, carried());
  assert.equal(scores.score[0], 0.7);
});

test('applyHead() moves the score by what moved it, and no subject that is still learned', () => {
  const learned = head({ 'cpuCores.share': -2, 'apiErrors.share': 2 });
  const moved = (feature: string, learning = 0): number => {
    const scores = scoresOf(0.7, feature, learning);
    applyHead(learned, scores, 1, carried());
    return scores.score[0]!;
  };
  assert.ok(moved('cpuCores.peak') < 0.4);
  assert.ok(moved('apiErrors.level') > 0.85);
  assert.equal(moved('cpuCores.level', 1), 0.7);
  const calm = scoresOf(0.01, 'apiErrors.level');
  applyHead(learned, calm, 1, carried());
  assert.ok(calm.score[0]! < 0.011, 'a calm window must stay calm');
});

test('applyHead() lets a score rise at once and fall slowly, by the time that passes, each subject for itself', () => {
  const states = new Float32Array(6);
  const stateRows = Int32Array.of(1);
  const logit = (score: number): number => Math.log(score / (1 - score));
  const next = (score: number, elapsed = 1): number => {
    const scores = { ...scoresOf(score, 'cpuCores.level'), elapsed: Float64Array.of(elapsed) };
    applyHead({ ...head({}), fall: 0.1 }, scores, 1, { states, layout, stateRows });
    return scores.score[0]!;
  };
  assert.equal(next(0.1), 0.1);
  assert.equal(next(0.7), 0.7, 'it rises at once');
  assert.ok(Math.abs(logit(next(0.2)) - (logit(0.7) - 0.1)) < 1e-4);
  assert.ok(Math.abs(logit(next(0.2, 3)) - (logit(0.7) - 0.4)) < 1e-4, 'three windows of time passed');
  assert.equal(next(0.9), 0.9);
  assert.equal(next(0.1, 1000), 0.1, 'nothing is held after a long silence');
  assert.deepEqual([...states.subarray(0, 5)], [0, 0, 0, 0, 0], 'what is held lies where the row says');
});

test('fitLogistic() finds the coefficients that made the data, and stays near 0 with few', () => {
  const random = createRandom(1);
  const truth = [0.5, -1, 2];
  const observations = (count: number) =>
    Array.from({ length: count }, () => {
      const x = Float64Array.of(1, random.normal(), random.normal());
      const offset = random.normal();
      const z = truth.reduce((sum, value, i) => sum + value * x[i]!, offset);
      return { x, offset, y: random.next() < 1 / (1 + Math.exp(-z)) ? 1 : 0, weight: 1 } as const;
    });
  const many = fitLogistic(observations(20_000), new Float64Array(3).fill(1));
  truth.forEach((value, i) => {
    assert.ok(Math.abs(many[i]! - value) < 0.1, `${many[i]} is not ${value}`);
  });
  const few = fitLogistic(observations(3), new Float64Array(3).fill(100));
  assert.ok(few.every((value) => Math.abs(value) < 0.05));
});
