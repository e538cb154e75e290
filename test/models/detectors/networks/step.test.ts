import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { LstmStep } from '../../../../models/detectors/networks/step.ts';
import { startBackend } from '../../../../models/training/backend.ts';
import { lstm } from '../../../../models/training/lstm.ts';
import { createRandom } from '../../../../models/training/random.ts';

suite('LstmStep', () => {
  test('gives row by row what training computes for the whole stretch', async () => {
    await startBackend('wasm');
    const [steps, inputs, hidden] = [50, 5, 8];
    const random = createRandom(1);
    const numbers = (count: number) => Float32Array.from({ length: count }, () => 0.5 * random.normal());
    const weights = {
      inputs,
      hidden,
      kernel: numbers(inputs * 4 * hidden),
      recurrentKernel: numbers(hidden * 4 * hidden),
      bias: numbers(4 * hidden),
    };
    const rows = numbers(steps * inputs);
    const whole = tf.tidy(() =>
      Float32Array.from(
        lstm(
          tf.tensor3d(rows, [steps, 1, inputs]),
          {
            kernel: tf.tensor2d(weights.kernel, [inputs, 4 * hidden]),
            recurrentKernel: tf.tensor2d(weights.recurrentKernel, [hidden, 4 * hidden]),
            bias: tf.tensor1d(weights.bias),
          },
          tf.zeros([1, hidden]),
          tf.zeros([1, hidden]),
        ).outputs.dataSync(),
      ),
    );
    const step = new LstmStep(weights);
    for (let row = 0; row < steps; row++) {
      step.advance(Float64Array.from(rows.subarray(row * inputs, (row + 1) * inputs)));
      step.h.forEach((value, unit) => {
        assert.ok(Math.abs(value - whole[row * hidden + unit]!) < 1e-5, `row ${row}, unit ${unit}`);
      });
    }
  });
});
