import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { loadAnomalyModel, modelFiles } from '../../../models/anomaly/model.ts';
import { type TrainingProgress, trainAnomaly } from '../../../models/anomaly/train.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

const temporary = mkdtempSync(join(tmpdir(), 'ebbtide-training-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

const small = {
  epochs: 1,
  stepsPerEpoch: 6,
  batch: 8,
  steps: 8,
  calibrationSubjects: 40,
  backend: 'wasm',
  created: '2026-01-01T00:00:00Z',
} as const;
const train = (name: string, seed: number, onProgress?: (progress: TrainingProgress) => void) =>
  trainAnomaly({ ...small, out: join(temporary, name), version: 'test', seed }, onProgress);

test('trainAnomaly() repeats to the bit with its seed, and differs with another', async () => {
  const steps: TrainingProgress[] = [];
  await train('a', 1, (progress) => steps.push(progress));
  const tensors = tf.memory().numTensors;
  await train('b', 1);
  assert.equal(tf.memory().numTensors, tensors, 'training must not leak tensors');
  await train('c', 2);
  const bytes = (name: string, file: string) => readFileSync(join(temporary, name, file));
  for (const file of [...Object.values(modelFiles), 'manifest.json'])
    assert.ok(bytes('a', file).equals(bytes('b', file)), `${file} differs`);
  assert.ok(!bytes('a', modelFiles.weights).equals(bytes('c', modelFiles.weights)));
  assert.ok(steps.length > 1 && steps.every(({ loss, etaMs }) => Number.isFinite(loss) && etaMs >= 0));
  assert.equal(steps.at(-1)!.step, steps.at(-1)!.steps);
});

test('trainAnomaly() writes a model that loads and scores', async () => {
  const { folder } = await train('d', 3);
  const model = await loadAnomalyModel(folder);
  const vectors = new Float32Array(model.spec.size).fill(1);
  const { learning } = await model.score(vectors, new Float32Array(model.stateSize), Float64Array.of(1), 1);
  assert.equal(learning[0], 1);
  await model.close();
});

test('trainAnomaly() stops with CANCELLED when its signal fires, and leaves no folder', async () => {
  const controller = new AbortController();
  controller.abort();
  const cancelled = trainAnomaly({ ...small, out: join(temporary, 'e'), signal: controller.signal });
  await assert.rejects(cancelled, (error) => isEbbtideError(error, 'CANCELLED'));
  await assert.rejects(loadAnomalyModel(join(temporary, 'e')), (error) => isEbbtideError(error, 'MODEL_DAMAGED'));
});
