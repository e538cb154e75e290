import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { loadAnomalyModel, modelFiles } from '../../../models/anomaly/model.ts';
import { type ForecasterWeights, logScaleRange, stepSignature } from '../../../models/anomaly/network.ts';
import { type TrainingProgress, trainAnomaly } from '../../../models/anomaly/train.ts';
import { exportForecaster } from '../../../models/onnx/forecaster.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import { startBackend } from '../../../models/training/backend.ts';
import { layersForecaster } from '../../../models/training/layers.ts';
import { createRandom } from '../../../models/training/random.ts';
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

test('exportForecaster(): ONNX step by step with carried state equals the Layers model over the whole sequence', async () => {
  await startBackend('cpu');
  const [features, inputs, hidden, batch, time] = [6, 10, 8, 4, 20];
  const random = createRandom(4);
  const floats = (n: number) => Float32Array.from({ length: n }, () => random.normal() * 0.4);
  const weights: ForecasterWeights = {
    features,
    inputs,
    hidden,
    kernel: floats(inputs * 4 * hidden),
    recurrentKernel: floats(hidden * 4 * hidden),
    bias: floats(4 * hidden),
    headKernel: floats((hidden + inputs) * 2 * features),
    headBias: floats(2 * features),
  };
  const x = floats(batch * time * inputs);
  const forecaster = await layersForecaster(weights);
  const whole = tf.tidy(() =>
    (forecaster.predict(tf.tensor3d(x, [batch, time, inputs]), { batchSize: batch }) as tf.Tensor).dataSync(),
  );
  forecaster.dispose();

  const step = await onnxRuntime.compile(exportForecaster(weights), stepSignature(batch, inputs, hidden, features));
  const [stepX, h, c] = step.inputs as [Float32Array, Float32Array, Float32Array];
  const [mean, inverseScale, nextH, nextC] = step.outputs as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (let at = 0; at < time; at++) {
    for (let row = 0; row < batch; row++)
      stepX.set(x.subarray((row * time + at) * inputs, (row * time + at + 1) * inputs), row * inputs);
    await step.run();
    h.set(nextH);
    c.set(nextC);
    for (let row = 0; row < batch; row++)
      for (let feature = 0; feature < features; feature++) {
        const expected = (row * time + at) * 2 * features + feature;
        assert.ok(Math.abs(mean[row * features + feature]! - whole[expected]!) < 1e-4);
        const logScale = Math.min(logScaleRange.max, Math.max(logScaleRange.min, whole[expected + features]!));
        assert.ok(Math.abs(Math.log(inverseScale[row * features + feature]!) + logScale) < 1e-4);
      }
  }
  await step.close();
});

test('onnxRuntime.compile() refuses bytes that are no model', async () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  await assert.rejects(onnxRuntime.compile(bytes, { inputs: [], outputs: [] }), (error) =>
    isEbbtideError(error, 'MODEL_DAMAGED'),
  );
});
