import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportNetwork } from '../../../models/onnx/exporter.ts';
import { providerFor } from '../../../models/runtimes/onnx.ts';
import { fullPrecision } from '../../../models/runtimes/precision.ts';
import { sequenceSignature, stepSignature } from '../../../models/runtimes/runtime.ts';
import { kindsOfNetwork } from './networks.ts';

test('providerFor() crosses to a GPU with what is large alone', () => {
  const network = kindsOfNetwork()['anomaly forecaster']!;
  const step = exportNetwork(network, 'step');
  assert.equal(providerFor(step, stepSignature(network, 64)), 'cpu');
  assert.equal(providerFor(step, stepSignature(network, 512)), 'cpu');
  const sequence = exportNetwork(network, 'sequence');
  assert.equal(providerFor(sequence, sequenceSignature(network, 64, 32)), 'cpu');
  assert.equal(providerFor(sequence, sequenceSignature(network, 4096, 32)), 'cuda');
});

test('fullPrecision() leaves what the user has set', (t) => {
  const before = process.env.NVIDIA_TF32_OVERRIDE;
  t.after(() => {
    if (before === undefined) delete process.env.NVIDIA_TF32_OVERRIDE;
    else process.env.NVIDIA_TF32_OVERRIDE = before;
  });
  delete process.env.NVIDIA_TF32_OVERRIDE;
  fullPrecision();
  assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '0');
  process.env.NVIDIA_TF32_OVERRIDE = '1';
  fullPrecision();
  assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '1');
});
