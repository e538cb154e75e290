import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLayersWeights } from '../../../models/networks/layersFile.ts';
import { startBackend } from '../../../models/training/backend.ts';
import { saveNetwork } from '../../../models/training/layers.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { kindsOfNetwork } from '../runtimes/networks.ts';

test('readLayersWeights() reads what saveNetwork() wrote, for every kind of network', async () => {
  await startBackend('cpu');
  for (const [kind, network] of Object.entries(kindsOfNetwork())) {
    const saved = await saveNetwork(network, 'weights.bin');
    const weights = readLayersWeights(saved.model, saved.weights);
    for (const layer of network.layers)
      if ('kernel' in layer) {
        assert.deepEqual(weights.get(`${layer.name}/kernel`)?.values, layer.kernel, kind);
        assert.deepEqual(weights.get(`${layer.name}/bias`)?.values, layer.bias, kind);
        if ('recurrentKernel' in layer)
          assert.deepEqual(weights.get(`${layer.name}/recurrent_kernel`)?.values, layer.recurrentKernel, kind);
      }
  }
});

test('readLayersWeights() refuses files that do not belong together', async () => {
  await startBackend('cpu');
  const { model, weights } = await saveNetwork(kindsOfNetwork().scope!, 'weights.bin');
  const cases: [string, Uint8Array, Uint8Array][] = [
    ['short weights', model, weights.subarray(0, -4)],
    ['long weights', model, Buffer.concat([weights, Buffer.alloc(4)])],
    ['no JSON', model.subarray(0, -9), weights],
    ['no manifest', Buffer.from('{}'), weights],
  ];
  for (const [name, ...files] of cases)
    assert.throws(
      () => readLayersWeights(...files),
      (error) => isEbbtideError(error, 'MODEL_DAMAGED'),
      name,
    );
});
