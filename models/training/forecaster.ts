import * as tf from '@tensorflow/tfjs-core';
import { type ForecasterWeights, logScaleRange } from '../anomaly/network.ts';
import { lstm } from './lstm.ts';
import { trainableProduct } from './product.ts';
import type { Random } from './random.ts';

/** Degrees of freedom of the Student-t by which forecasts are judged: heavy tails, as telemetry has. */
const freedom = 3;

/** The forecaster while it learns. */
export interface TrainableForecaster {
  readonly variables: readonly tf.Variable[];
  /** Weights as they stand, for saving. */
  weights(): ForecasterWeights;
  /**
   * Mean loss over a stretch of steps, and the state after it.
   *
   * @param x batch × steps × inputs
   * @param target batch × steps × features: the next vector
   * @param mask batch × steps × features: 1 where the target counts
   */
  loss(
    x: tf.Tensor3D,
    target: tf.Tensor3D,
    mask: tf.Tensor3D,
    h: tf.Tensor2D,
    c: tf.Tensor2D,
  ): { loss: tf.Scalar; h: tf.Tensor2D; c: tf.Tensor2D };
  dispose(): void;
}

const uniform = (random: Random, rows: number, columns: number, limit: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, () => (2 * random.next() - 1) * limit);

/**
 * Where the head may have weights: from the LSTM to everything, from a feature only to its own forecast, from the age of
 * the baseline to everything. So a forecast skips the LSTM along its own metric alone, and machines stay comparable.
 */
const headMask = (features: number, inputs: number, hidden: number): Float32Array => {
  const mask = new Float32Array((hidden + inputs) * 2 * features).fill(1, 0, hidden * 2 * features);
  for (let feature = 0; feature < features; feature++) mask[(hidden + feature) * 2 * features + feature] = 1;
  mask.fill(1, (hidden + inputs - 1) * 2 * features);
  return mask;
};

/**
 * Make an untrained forecaster. Its LSTM is one operation; the weights are those of tfjs's own layer.
 *
 * @param features size of the vector
 * @param inputs size of the network's input
 * @param hidden LSTM units
 */
export const createForecaster = (
  random: Random,
  features: number,
  inputs: number,
  hidden: number,
): TrainableForecaster => {
  const limit = Math.sqrt(6 / (inputs + 4 * hidden));
  // A variable shares its initial value's memory but not its handle: without tidy each handle would stay.
  const variable = (values: Float32Array, shape: number[]) => tf.tidy(() => tf.variable(tf.tensor(values, shape)));
  const kernel = variable(uniform(random, inputs, 4 * hidden, limit), [inputs, 4 * hidden]) as tf.Variable<tf.Rank.R2>;
  const recurrent = uniform(random, hidden, 4 * hidden, Math.sqrt(3 / hidden) / 2);
  const recurrentKernel = variable(recurrent, [hidden, 4 * hidden]) as tf.Variable<tf.Rank.R2>;
  // A forget gate that starts open remembers from the first update on.
  const bias = variable(new Float32Array(4 * hidden).fill(1, hidden, 2 * hidden), [4 * hidden]);
  const allowed = headMask(features, inputs, hidden);
  const mask = tf.tensor2d(allowed, [hidden + inputs, 2 * features]);
  const head = uniform(random, hidden + inputs, 2 * features, 0.05);
  for (let feature = 0; feature < features; feature++) head[(hidden + feature) * 2 * features + feature] = 0.7;
  const headKernel = variable(
    head.map((value, i) => value * allowed[i]!),
    [hidden + inputs, 2 * features],
  );
  const headBias = variable(new Float32Array(2 * features), [2 * features]);
  const variables = [kernel, recurrentKernel, bias, headKernel, headBias];

  return {
    variables,
    weights: () => ({
      features,
      inputs,
      hidden,
      kernel: Float32Array.from(kernel.dataSync()),
      recurrentKernel: Float32Array.from(recurrentKernel.dataSync()),
      bias: Float32Array.from(bias.dataSync()),
      headKernel: tf.tidy(() => Float32Array.from(tf.mul(headKernel, mask).dataSync())),
      headBias: Float32Array.from(headBias.dataSync()),
    }),
    loss(x, target, targetMask, h0, c0) {
      const [batch, steps] = x.shape;
      const byTime = tf.reshape(tf.transpose(x, [1, 0, 2]), [steps * batch, inputs]) as tf.Tensor2D;
      const weights = { kernel, recurrentKernel, bias: bias as tf.Tensor1D };
      const { outputs, h, c } = lstm(tf.transpose(x, [1, 0, 2]), weights, h0, c0);
      const joined = tf.concat([tf.reshape(outputs, [steps * batch, hidden]), byTime], 1) as tf.Tensor2D;
      const out = tf.add(trainableProduct(joined, tf.mul(headKernel, mask) as tf.Tensor2D), headBias);
      const [mean, rawLogScale] = tf.split(out, 2, 1) as tf.Tensor2D[];
      const logScale = tf.clipByValue(rawLogScale!, logScaleRange.min, logScaleRange.max);
      const flat = (tensor: tf.Tensor3D) => tf.reshape(tf.transpose(tensor, [1, 0, 2]), [steps * batch, features]);
      const residual = tf.mul(tf.sub(flat(target), mean!), tf.exp(tf.neg(logScale)));
      const surprise = tf.mul((freedom + 1) / 2, tf.log(tf.add(1, tf.div(tf.square(residual), freedom))));
      const counted = flat(targetMask);
      const total = tf.sum(tf.mul(tf.add(surprise, logScale), counted));
      return { loss: tf.div(total, tf.add(tf.sum(counted), 1)) as tf.Scalar, h, c };
    },
    dispose() {
      tf.dispose([...variables, mask]);
    },
  };
};
