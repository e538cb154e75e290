import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { startWebgpu } from '../../../models/runtimes/webgpu.ts';
import { startBackend, type TrainingBackend } from '../../../models/training/backend.ts';
import { type LstmWeights, lstm } from '../../../models/training/lstm.ts';
import { createRandom } from '../../../models/training/random.ts';

const steps = 7;
const batch = 5;
const inputs = 3;
const hidden = 6;
const tolerance = 1e-5;

const far = (a: tf.Tensor, b: tf.Tensor): number => tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!);

const given = () => {
  const random = createRandom(5);
  const values = (...shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.5 * random.normal()),
      shape,
    );
  const weights = {
    kernel: values(inputs, 4 * hidden),
    recurrentKernel: values(hidden, 4 * hidden),
    bias: values(4 * hidden),
  } as LstmWeights;
  return {
    x: values(steps, batch, inputs) as tf.Tensor3D,
    h: values(batch, hidden) as tf.Tensor2D,
    c: values(batch, hidden) as tf.Tensor2D,
    mix: values(steps, batch, hidden),
    weights,
  };
};

/** TensorFlow.js's own layer on the same weights, returning every output and the last state. */
const reference = ({ kernel, recurrentKernel, bias }: LstmWeights) => {
  const layer = layers.lstm({
    units: hidden,
    returnSequences: true,
    returnState: true,
    recurrentActivation: 'sigmoid',
    kernelInitializer: 'zeros',
    recurrentInitializer: 'zeros',
    inputShape: [steps, inputs],
  });
  return (x: tf.Tensor3D, h: tf.Tensor2D, c: tf.Tensor2D) => {
    const given = [tf.transpose(x, [1, 0, 2]), h, c];
    // The first call makes its weights.
    layer.apply(given);
    layer.setWeights([kernel, recurrentKernel, bias]);
    return layer.apply(given) as tf.Tensor[];
  };
};

/** The same recurrence in single operations of tfjs, whose gradients it makes itself. */
const stepwise = (x: tf.Tensor3D, w: LstmWeights, h0: tf.Tensor2D, c0: tf.Tensor2D) => {
  let [h, c] = [h0, c0];
  const outputs = tf.unstack(x).map((row) => {
    const sum = tf.add(tf.add(tf.matMul(row as tf.Tensor2D, w.kernel), tf.matMul(h, w.recurrentKernel)), w.bias);
    const [i, f, g, o] = tf.split(sum, 4, 1) as tf.Tensor2D[];
    c = tf.add(tf.mul(tf.sigmoid(f!), c), tf.mul(tf.sigmoid(i!), tf.tanh(g!)));
    h = tf.mul(tf.sigmoid(o!), tf.tanh(c));
    return h;
  });
  return { outputs: tf.stack(outputs), h, c };
};

for (const backend of ['tensorflow', 'wasm', 'cpu'] as const satisfies TrainingBackend[])
  suite(`lstm on ${backend}`, () => {
    const start = async (skip: (why: string) => void): Promise<boolean> => {
      try {
        await startBackend(backend);
        return true;
      } catch (error) {
        if (backend !== 'tensorflow') throw error;
        skip('@tensorflow/tfjs-node is not installed');
        return false;
      }
    };

    test('equals the layer of TensorFlow.js, carried state included', async (t) => {
      if (!(await start((why) => t.skip(why)))) return;
      tf.tidy(() => {
        const { x, h, c, weights } = given();
        const ours = lstm(x, weights, h, c);
        const [outputs, lastH, lastC] = reference(weights)(x, h, c);
        assert.ok(far(ours.outputs, tf.transpose(outputs!, [1, 0, 2])) < tolerance);
        assert.ok(far(ours.h, lastH!) < tolerance);
        assert.ok(far(ours.c, lastC!) < tolerance);
      });
    });

    test('has the gradients that automatic differentiation gives for every input', async (t) => {
      if (!(await start((why) => t.skip(why)))) return;
      tf.tidy(() => {
        const { x, h, c, mix, weights } = given();
        const all = [x, weights.kernel, weights.recurrentKernel, weights.bias, h, c];
        const gradients = (of: typeof lstm) =>
          tf.grads((...[x, kernel, recurrentKernel, bias, h, c]: tf.Tensor[]) => {
            const w = { kernel, recurrentKernel, bias } as LstmWeights;
            // Inputs that are results themselves live only as long as the operation saves them.
            const result = of(tf.neg(tf.neg(x!)) as tf.Tensor3D, w, h as tf.Tensor2D, c as tf.Tensor2D);
            return tf.addN([
              tf.sum(tf.mul(result.outputs, mix)),
              tf.sum(tf.square(result.h)),
              tf.sum(tf.mul(3, tf.square(result.c))),
            ]);
          })(all);
        const expected = gradients(stepwise as typeof lstm);
        gradients(lstm).forEach((gradient, i) => {
          assert.deepEqual(gradient.shape, all[i]!.shape);
          assert.ok(far(gradient, expected[i]!) < tolerance * 10, `input ${i}: ${far(gradient, expected[i]!)}`);
        });
      });
    });

    test('leaves no tensors behind', async (t) => {
      if (!(await start((why) => t.skip(why)))) return;
      const { x, h, c, weights } = given();
      const variable = tf.variable(weights.kernel);
      const once = () =>
        tf.tidy(() => {
          const { grads } = tf.variableGrads(
            () => tf.sum(lstm(x, { ...weights, kernel: variable as tf.Variable<tf.Rank.R2> }, h, c).outputs),
            [variable],
          );
          Object.values(grads)[0]!.dataSync();
        });
      once();
      const before = tf.memory().numTensors;
      for (let i = 0; i < 3; i++) once();
      assert.equal(tf.memory().numTensors, before);
    });
  });

test('lstm on webgpu gives the outputs and gradients of the others', async (t) => {
  try {
    await startWebgpu();
  } catch (error) {
    t.skip((error as Error).message);
    return;
  }
  const found: Float32Array[][] = [];
  for (const backend of ['cpu', 'webgpu']) {
    if (backend === 'cpu') await startBackend('cpu');
    else await tf.setBackend(backend);
    const { x, h, c, weights } = given();
    const tensors = tf.tidy(() => {
      const { outputs, c: cell } = lstm(x, weights, h, c);
      const gradients = tf.grads((...[kernel, recurrentKernel]: tf.Tensor[]) => {
        const w = { ...weights, kernel, recurrentKernel } as LstmWeights;
        const result = lstm(x, w, h, c);
        return tf.add(tf.sum(result.outputs), tf.sum(tf.square(result.c)));
      })([weights.kernel, weights.recurrentKernel]);
      return [outputs, cell, ...gradients];
    });
    found.push(await Promise.all(tensors.map(async (it) => (await it.data()) as Float32Array)));
    tf.dispose(tensors);
  }
  const [expected, actual] = found;
  for (const [i, values] of expected!.entries())
    for (const [k, value] of values.entries())
      assert.ok(Math.abs(value - actual![i]![k]!) < 1e-4, `tensor ${i} at ${k}: ${actual![i]![k]}, expected ${value}`);
  await startBackend('cpu');
});
