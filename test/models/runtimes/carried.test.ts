import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CarriedNetwork } from '../../../models/runtimes/carried.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import { createRandom } from '../../../models/training/random.ts';
import { kindsOfNetwork } from './networks.ts';

test('CarriedNetwork.step() carries each subject to what its whole sequence gives, in any company', async () => {
  const random = createRandom(8);
  const [subjects, steps, batch] = [11, 9, 4];
  for (const [kind, network] of Object.entries(kindsOfNetwork())) {
    const { size } = network.input;
    const x = Float32Array.from({ length: subjects * steps * size }, () => random.normal());
    const whole = await onnxRuntime.compileSequence(network, subjects, steps);
    whole.inputs[0]!.set(x);
    await whole.run();

    const carried = await CarriedNetwork.create(onnxRuntime, network, batch);
    const states = new Float32Array(subjects * carried.stateSize);
    const alone = new Float32Array(carried.stateSize);
    const outputsOf = (n: number) => carried.outputSizes.map((floats) => new Float32Array(n * floats));
    const [outputs, one] = [outputsOf(subjects), outputsOf(1)];
    for (let at = 0; at < steps; at++) {
      const row = (subject: number) => x.subarray((subject * steps + at) * size, (subject * steps + at + 1) * size);
      const all = new Float32Array(subjects * size);
      for (let subject = 0; subject < subjects; subject++) all.set(row(subject), subject * size);
      // Called at once: they wait for one another.
      await Promise.all([carried.step(all, states, outputs, subjects), carried.step(row(6), alone, one, 1)]);
    }
    for (const [index, floats] of carried.outputSizes.entries()) {
      const expected = whole.outputs[index]!;
      const perRow = expected.length / subjects;
      for (let subject = 0; subject < subjects; subject++)
        for (let k = 0; k < floats; k++) {
          const end = expected[subject * perRow + perRow - floats + k]!;
          assert.ok(Math.abs(outputs[index]![subject * floats + k]! - end) <= 1e-5, `${kind}, subject ${subject}`);
        }
      assert.deepEqual(one[index], outputs[index]!.subarray(6 * floats, 7 * floats), `${kind}: alone to the bit`);
    }
    assert.deepEqual(alone, states.subarray(6 * carried.stateSize, 7 * carried.stateSize));
    await whole.close();
    await carried.close();
  }
});

test('CarriedNetwork.step() refuses buffers that are too short', async () => {
  const carried = await CarriedNetwork.create(onnxRuntime, kindsOfNetwork().scope!);
  const floats = new Float32Array(1);
  assert.throws(() => carried.step(floats, floats, [floats], 1), RangeError);
  await carried.close();
});
