import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { chooseRuntime } from '../../../models/runtimes/choose.ts';
import { type Runtime, runtimeNames } from '../../../models/runtimes/runtime.ts';
import { startBackend } from '../../../models/training/backend.ts';
import { createRandom } from '../../../models/training/random.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { kindsOfNetwork } from './networks.ts';
import { layersReference } from './reference.ts';

const tolerance = 1e-4;
const [batch, steps] = [3, 6];

const assertClose = (actual: Float32Array, expected: Float32Array, what: string): void => {
  assert.equal(actual.length, expected.length, `${what}: length`);
  for (const [i, value] of actual.entries())
    assert.ok(Math.abs(value - expected[i]!) <= tolerance, `${what}[${i}] is ${value}, expected ${expected[i]}`);
};

await startBackend('cpu');
const random = createRandom(5);
const kinds = await Promise.all(
  Object.entries(kindsOfNetwork()).map(async ([kind, network]) => {
    const x = Float32Array.from({ length: batch * steps * network.input.size }, () => random.normal());
    const until = (count: number) =>
      Float32Array.from({ length: batch * count * network.input.size }, (_, i) => {
        const [row, rest] = [Math.floor(i / (count * network.input.size)), i % (count * network.input.size)];
        return x[row * steps * network.input.size + rest]!;
      });
    const prefixes = await Promise.all(
      Array.from({ length: steps }, (_, i) => layersReference(network, until(i + 1), batch, i + 1)),
    );
    return { kind, network, x, prefixes };
  }),
);

for (const name of runtimeNames) {
  let runtime: Runtime | undefined;
  let absent: string | undefined;
  try {
    ({ runtime } = await chooseRuntime(name));
  } catch (error) {
    if (!isEbbtideError(error, 'RUNTIME_MISSING') || name === 'onnx') throw error;
    absent = error.message;
  }
  const skip = absent ?? false;

  for (const { kind, network, x, prefixes } of kinds) {
    test(`${name} compileSequence(): ${kind} equals its Layers model`, { skip }, async () => {
      const compiled = await runtime!.compileSequence(network, batch, steps);
      compiled.inputs[0]!.set(x);
      await compiled.run();
      for (const [index, output] of network.outputs.entries())
        assertClose(compiled.outputs[index]!, prefixes.at(-1)![output]!, output);
      await compiled.close();
    });

    test(`${name} compileStep(): ${kind} equals its Layers model after each step, state carried`, {
      skip,
    }, async () => {
      const compiled = await runtime!.compileStep(network, batch);
      const [input, ...states] = compiled.inputs;
      const next = compiled.outputs.slice(network.outputs.length);
      assert.equal(next.length, states.length);
      const { size } = network.input;
      for (let at = 0; at < steps; at++) {
        for (let row = 0; row < batch; row++)
          input!.set(x.subarray((row * steps + at) * size, (row * steps + at + 1) * size), row * size);
        await compiled.run();
        for (const [index, state] of states.entries()) state.set(next[index]!);
        for (const [index, output] of network.outputs.entries()) {
          const whole = prefixes[at]![output]!;
          const units = compiled.outputs[index]!.length / batch;
          const perRow = whole.length / batch;
          // Of a sequence the last step, of a pool all there is
          const ends = Float32Array.from(
            { length: batch * units },
            (_, i) => whole[Math.floor(i / units) * perRow + perRow - units + (i % units)]!,
          );
          assertClose(compiled.outputs[index]!, ends, `${output} after step ${at + 1}`);
        }
      }
      await compiled.close();
    });
  }

  test(`${name} run() keeps no tensors, and close() gives back the weights`, { skip }, async () => {
    const { network } = kinds[0]!;
    const before = tf.memory().numTensors;
    const backend = tf.getBackend();
    const compiled = await runtime!.compileStep(network, batch);
    await compiled.run();
    const during = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) await compiled.run();
    assert.equal(tf.memory().numTensors, during);
    await compiled.close();
    assert.equal(tf.memory().numTensors, before);
    assert.equal(tf.getBackend(), backend, 'training keeps its backend');
  });

  test(`${name} refuses a network with weights that are no numbers`, { skip }, async () => {
    const { scope } = kindsOfNetwork();
    const lstm = scope!.layers[0] as { kernel: Float32Array };
    lstm.kernel[7] = Number.NaN;
    for (const compiling of [runtime!.compileStep(scope!, 1), runtime!.compileSequence(scope!, 1, 2)])
      await assert.rejects(
        compiling,
        (error) => isEbbtideError(error, 'MODEL_DAMAGED') && /\[7\] is NaN/.test(error.message),
      );
  });
}
