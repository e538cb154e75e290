import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../../schemas/errors.ts';
import { lstm } from '../../training/lstm.ts';
import { trainableProduct } from '../../training/product.ts';
import { createRandom, type Random } from '../../training/random.ts';
import { farRows } from '../jointForecast.ts';
import type { JointWeights } from './joint.ts';
import { fit, uniform, variableOf } from './training.ts';

/** How the network of many metrics is trained. */
export const jointTraining = {
  hidden: 40,
  updates: 400,
  batch: 32,
  steps: 100,
  learningRate: 5e-3,
  /** Chance that a metric is hidden for a whole stretch, and that a single value is. */
  masked: 0.1,
  seed: 1,
} as const;

/** Draw stretches at random, with what follows each row as targets. */
const draw = (random: Random, sources: readonly Float64Array[], metrics: number) => {
  const { batch, steps, masked } = jointTraining;
  const x = new Float32Array(steps * batch * metrics);
  const target = new Float32Array(steps * batch * 2 * metrics);
  for (let stream = 0; stream < batch; stream++) {
    const source = random.pick(sources);
    const from = random.integer(0, source.length / metrics - steps - farRows);
    const hidden = Array.from({ length: metrics }, () => random.next() < masked);
    for (let step = 0; step < steps; step++) {
      const to = step * batch + stream;
      const row = (from + step) * metrics;
      for (let i = 0; i < metrics; i++) {
        x[to * metrics + i] = hidden[i] || random.next() < masked ? 0 : source[row + i]!;
        target[to * 2 * metrics + i] = source[row + metrics + i]!;
        target[to * 2 * metrics + metrics + i] = source[row + farRows * metrics + i]!;
      }
    }
  }
  return {
    x: tf.tensor3d(x, [steps, batch, metrics]),
    target: tf.tensor2d(target, [steps * batch, 2 * metrics]),
  };
};

/**
 * Train the forecaster of many metrics on standardised benign rows of one or several machines.
 *
 * @param sources rows × metrics each, longer than a stretch
 * @throws EbbtideError DATA_MISSING when none is long enough; CANCELLED by the signal
 */
export const trainJoint = async (
  sources: readonly Float64Array[],
  metrics: number,
  onProgress: (done: number, total: number, loss: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<{ weights: JointWeights; loss: number }> => {
  const { hidden, updates, batch, steps, learningRate, seed } = jointTraining;
  const long = sources.filter((source) => source.length / metrics > steps + farRows + 1);
  if (long.length === 0)
    throw new EbbtideError('DATA_MISSING', `Training needs more than ${steps + farRows} rows in a stretch`);
  const random = createRandom(seed);
  const kernel = variableOf(uniform(random, metrics * 4 * hidden, Math.sqrt(6 / (metrics + 4 * hidden))), [
    metrics,
    4 * hidden,
  ]);
  const recurrent = variableOf(uniform(random, hidden * 4 * hidden, Math.sqrt(3 / hidden) / 2), [hidden, 4 * hidden]);
  const bias = variableOf(new Float32Array(4 * hidden).fill(1, hidden, 2 * hidden), [4 * hidden]);
  const skip = variableOf(new Float32Array(2 * metrics).fill(0.7), [2 * metrics]);
  const head = variableOf(uniform(random, hidden * 2 * metrics, 0.05), [hidden, 2 * metrics]);
  const headBias = variableOf(new Float32Array(2 * metrics), [2 * metrics]);
  const variables = [kernel, recurrent, bias, skip, head, headBias];
  const zeros = tf.zeros([batch, hidden]) as tf.Tensor2D;
  const loss = ({ x, target }: ReturnType<typeof draw>): tf.Scalar => {
    const weights = {
      kernel: kernel as tf.Variable<tf.Rank.R2>,
      recurrentKernel: recurrent as tf.Variable<tf.Rank.R2>,
      bias: bias as tf.Variable<tf.Rank.R1>,
    };
    const { outputs } = lstm(x, weights, zeros, zeros);
    const flat = tf.reshape(x, [steps * batch, metrics]);
    const ahead = trainableProduct(tf.reshape(outputs, [steps * batch, hidden]) as tf.Tensor2D, head as tf.Tensor2D);
    const forecast = tf.add(tf.add(tf.mul(tf.concat([flat, flat], 1), skip), ahead), headBias);
    // Huber's loss: quadratic within one spread, linear beyond.
    const far = tf.abs(tf.sub(target, forecast));
    const near = tf.minimum(far, 1);
    return tf.mean(tf.sub(tf.mul(near, far), tf.mul(0.5, tf.square(near)))) as tf.Scalar;
  };
  const lastLoss = await fit({
    variables,
    updates,
    learningRate,
    draw: () => draw(random, long, metrics),
    loss,
    onProgress,
    signal,
  });
  const [k, r, b, s, h, hb] = variables.map((variable) => Float32Array.from(variable.dataSync()));
  tf.dispose([...variables, zeros]);
  const weights = {
    inputs: metrics,
    hidden,
    kernel: k!,
    recurrentKernel: r!,
    bias: b!,
    skip: s!,
    head: h!,
    headBias: hb!,
  };
  return { weights, loss: lastLoss };
};
