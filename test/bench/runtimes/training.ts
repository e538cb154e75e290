import * as tf from '@tensorflow/tfjs-core';
import { startWebgpu } from '../../../models/runtimes/webgpu.ts';
import { createAdam } from '../../../models/training/adam.ts';
import { startBackend, type TrainingBackend } from '../../../models/training/backend.ts';
import { createForecaster } from '../../../models/training/forecaster.ts';
import { createRandom } from '../../../models/training/random.ts';
import { type Figures, median, round } from '../report.ts';
import type { Measuring } from './measure.ts';

const [features, inputs, batch, steps] = [24, 37, 48, 32];

/** A step of training of the anomaly forecaster, as `fitForecaster` makes it. */
const training = (hidden: number) => {
  const random = createRandom(23);
  const values = (...shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
      shape,
    );
  const model = createForecaster(random, features, inputs, hidden);
  const optimizer = createAdam(model.variables);
  const x = values(batch, steps, inputs) as tf.Tensor3D;
  const target = values(batch, steps, features) as tf.Tensor3D;
  const mask = tf.ones([batch, steps, features]) as tf.Tensor3D;
  const zeros = tf.zeros([batch, hidden]) as tf.Tensor2D;
  return async (): Promise<number> => {
    const loss = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(
        () => model.loss(x, target, mask, zeros, zeros).loss,
        [...model.variables],
      );
      optimizer.apply(
        model.variables.map(({ name }) => grads[name]!),
        1e-3,
      );
      return value;
    });
    const [value] = await loss.data();
    loss.dispose();
    return value!;
  };
};

/** Milliseconds of a step of training, of the shipped width and of a wide one, and the loss after 20 of them. */
export const trainingFigures = async (
  backend: TrainingBackend | 'webgpu',
  { seconds, wide }: Measuring,
): Promise<Figures> => {
  if (backend === 'webgpu') {
    await startWebgpu();
    await tf.setBackend(backend);
  } else await startBackend(backend);
  const figures: Figures = {};
  for (const [name, hidden] of [['shipped', 32] as const, ['wide', wide] as const]) {
    const step = training(hidden);
    for (let i = 0; i < 5; i++) await step();
    const times: number[] = [];
    const from = performance.now();
    let loss = Number.NaN;
    for (let i = 5; i < 20 || performance.now() - from < 1000 * seconds; i++) {
      const began = performance.now();
      const now = await step();
      times.push(performance.now() - began);
      if (i === 19) loss = now;
      // A backend that takes seconds for a step has shown enough.
      if (performance.now() - from > 20_000) break;
    }
    figures[`${name}TrainingMs`] = round(median(times), 2);
    if (!Number.isNaN(loss)) figures[`${name}LossAfter20`] = round(loss, 5);
  }
  return figures;
};
