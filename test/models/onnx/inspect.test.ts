import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Network } from '../../../models/networks/network.ts';
import { exportNetwork, opset } from '../../../models/onnx/exporter.ts';
import { inspectModel } from '../../../models/onnx/inspect.ts';
import { encodeModel } from '../../../models/onnx/messages.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { kindsOfNetwork } from '../runtimes/networks.ts';

const lastStep = kindsOfNetwork()['last step']!;
const graph = (foreign: number) =>
  encodeModel({
    name: 'foreign',
    opset: foreign,
    nodes: [{ opType: 'Exp', inputs: ['x'], outputs: ['y'] }],
    initializers: [],
    inputs: [{ name: 'x', shape: [1] }],
    outputs: [{ name: 'y', shape: [1] }],
  });
const signature = { inputs: [{ name: 'x', shape: [1] }], outputs: [{ name: 'y', shape: [1] }] };

test('inspectModel() states the operator set of what exportNetwork() wrote', () => {
  const weights = lastStep.layers.reduce(
    (sum, layer) => sum + ('kernel' in layer ? layer.kernel.length + layer.bias.length : 0),
    0,
  );
  for (const form of ['step', 'sequence'] as const) {
    const found = inspectModel(exportNetwork(lastStep, form));
    assert.equal(found.opset, opset);
    assert.ok(found.weights > weights);
  }
});

test('onnxRuntime.compile() refuses a foreign operator set with MODEL_INCOMPATIBLE', async () => {
  for (const foreign of [7, 12, opset + 1, 99])
    await assert.rejects(
      onnxRuntime.compile(graph(foreign), signature),
      (error) => isEbbtideError(error, 'MODEL_INCOMPATIBLE') && error.message.includes(`ai.onnx ${foreign}`),
    );
  const compiled = await onnxRuntime.compile(graph(opset), signature);
  compiled.inputs[0]![0] = 1;
  await compiled.run();
  assert.ok(Math.abs(compiled.outputs[0]![0]! - Math.E) < 1e-6);
  await compiled.close();
});

test('onnxRuntime.compile() refuses damaged bytes with MODEL_DAMAGED', async () => {
  const whole = exportNetwork(lastStep, 'step');
  const damages = [
    new Uint8Array(),
    new Uint8Array([1, 2, 3, 4]),
    whole.subarray(0, whole.length >> 1),
    whole.subarray(0, whole.length - 1),
    Buffer.from('<html>not found</html>'),
  ];
  for (const bytes of damages)
    await assert.rejects(
      onnxRuntime.compile(bytes, signature),
      (error) => isEbbtideError(error, 'MODEL_DAMAGED'),
      `${bytes.length} bytes`,
    );
});

test('inspectModel() refuses weights that are no numbers', () => {
  const bytes = Uint8Array.from(exportNetwork(lastStep, 'step'));
  const kernel = (lastStep.layers[0] as { bias: Float32Array }).bias;
  const at = Buffer.from(bytes).indexOf(Buffer.from(new Float32Array([kernel[3]!]).buffer));
  assert.ok(at > 0);
  bytes.set(new Uint8Array(new Float32Array([Number.NaN]).buffer), at);
  assert.throws(
    () => inspectModel(bytes),
    (error) => isEbbtideError(error, 'MODEL_DAMAGED') && /NaN/.test(error.message),
  );
});

test('exportNetwork() refuses networks that do not fit together', () => {
  const [lstm, end, next] = lastStep.layers;
  const broken: Record<string, Network> = {
    'no earlier layer': { ...lastStep, layers: [end!, lstm!, next!] },
    'name of another': { ...lastStep, layers: [lstm!, lstm!] },
    'not there': { ...lastStep, outputs: ['other'] },
    'what was pooled': {
      ...lastStep,
      layers: [...lastStep.layers, { op: 'pool', name: 'again', from: 'end', over: 'max' }],
    },
    'of 10': { ...lastStep, layers: [lstm!, { op: 'slice', name: 'next', from: 'lstm10', start: 5, size: 6 }] },
  };
  for (const [why, network] of Object.entries(broken))
    assert.throws(
      () => exportNetwork(network, 'sequence'),
      (error) => isEbbtideError(error, 'MODEL_INCOMPATIBLE') && error.message.includes(why),
      why,
    );
  const short = {
    ...lastStep,
    layers: [{ ...(lstm as object), bias: new Float32Array(3) } as typeof lstm & object, end!, next!],
  };
  assert.throws(
    () => exportNetwork(short as Network, 'step'),
    (error) => isEbbtideError(error, 'MODEL_DAMAGED'),
  );
});
