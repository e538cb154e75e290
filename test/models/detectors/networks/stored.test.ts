import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { suite, test } from 'node:test';
import type { JointWeights } from '../../../../models/detectors/networks/joint.ts';
import { type SingleWeights, singleInputs } from '../../../../models/detectors/networks/single.ts';
import { encodeNetwork, networkFile, readNetwork } from '../../../../models/detectors/networks/stored.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';

suite('stored networks', () => {
  test('those that ship are small, and of the sizes that they say', () => {
    const joint = readNetwork<JointWeights>('joint');
    assert.equal(joint.kernel.length, joint.inputs * 4 * joint.hidden);
    assert.equal(joint.head.length, joint.hidden * 2 * joint.inputs);
    const single = readNetwork<SingleWeights>('single');
    assert.equal(single.inputs, singleInputs);
    assert.equal(single.head.length, (single.hidden + singleInputs) * 2);
    for (const name of ['joint', 'single']) assert.ok(statSync(networkFile(name)).size < 100_000);
  });

  test('encodeNetwork() keeps every bit and tells where the weights come from', () => {
    const about = { version: 3, data: 'tides', training: { seed: 1 }, loss: 0.5 };
    const kernel = Float32Array.of(0.1, -2, 3e-30);
    const text = JSON.parse(encodeNetwork(about, { inputs: 2, kernel }));
    assert.deepEqual({ ...about, sizes: { inputs: 2 } }, { ...about, sizes: text.sizes });
    assert.equal(text.data, 'tides');
    const bytes = Uint8Array.from(Buffer.from(text.weights.kernel, 'base64'));
    assert.deepEqual(new Float32Array(bytes.buffer), kernel);
  });

  test('readNetwork() refuses one that is not there', () => {
    assert.throws(
      () => readNetwork('missing'),
      (error) => isEbbtideError(error, 'MODEL_DAMAGED') && /missing\.json/.test(error.message),
    );
  });
});
