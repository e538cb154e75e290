import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { inputsPerKey } from '../../../../models/biometric/comparator/inputs.ts';
import { comparatorNetwork, readComparator } from '../../../../models/biometric/comparator/network.ts';
import { createComparator } from '../../../../models/biometric/comparator/trainable.ts';
import { onnxRuntime } from '../../../../models/runtimes/onnx.ts';
import { startBackend } from '../../../../models/training/backend.ts';
import { saveNetwork } from '../../../../models/training/layers.ts';
import { createRandom } from '../../../../models/training/random.ts';

test('the comparator in training, and as ONNX out of its Layers model, give the same loss', async () => {
  await startBackend('cpu');
  const [keys, pairs] = [5, 8];
  const random = createRandom(3);
  const model = createComparator(random);
  const x = Float32Array.from({ length: keys * pairs * inputsPerKey }, () => random.normal());
  const impostor = Float32Array.from({ length: pairs }, (_, i) => i % 2);
  const loss = tf.tidy(
    () =>
      model
        .loss({ x: tf.tensor3d(x, [keys, pairs, inputsPerKey]), impostor: tf.tensor2d(impostor, [pairs, 1]) })
        .dataSync()[0]!,
  );
  const saved = await saveNetwork(comparatorNetwork(model.weights()), 'weights.bin');
  model.dispose();
  const network = comparatorNetwork(readComparator(saved.model, saved.weights));
  const compiled = await onnxRuntime.compileSequence(network, pairs, keys);
  for (let key = 0; key < keys; key++)
    for (let pair = 0; pair < pairs; pair++)
      compiled.inputs[0]!.set(
        x.subarray((key * pairs + pair) * inputsPerKey, (key * pairs + pair + 1) * inputsPerKey),
        (pair * keys + key) * inputsPerKey,
      );
  await compiled.run();
  const entropies = [...compiled.outputs[0]!].map((logit, i) => Math.log1p(Math.exp(impostor[i] ? -logit : logit)));
  await compiled.close();
  assert.ok(Math.abs(entropies.reduce((sum, it) => sum + it, 0) / pairs - loss) < 1e-5);
});
