import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Random } from '../../training/random.ts';

/** Numbers in ±limit. */
export const uniform = (random: Random, count: number, limit: number): Float32Array =>
  Float32Array.from({ length: count }, () => (2 * random.next() - 1) * limit);

/** A trainable tensor. */
export const variableOf = (values: Float32Array, shape: number[]): tf.Variable =>
  tf.tidy(() => tf.variable(tf.tensor(values, shape)));

/** What is fitted, and how. */
export interface Fit<Batch extends Record<string, tf.Tensor>> {
  readonly variables: readonly tf.Variable[];
  readonly updates: number;
  readonly learningRate: number;
  /** Makes the next batch; disposed of after its update. */
  draw(): Batch;
  loss(batch: Batch): tf.Scalar;
  readonly onProgress: (done: number, total: number, loss: number) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Adam under a cosine that falls to a twentieth, gradients clipped to norm 1.
 *
 * @returns mean loss of the last updates
 * @throws EbbtideError CANCELLED by the signal
 */
export const fit = async <Batch extends Record<string, tf.Tensor>>(options: Fit<Batch>): Promise<number> => {
  const { variables, updates, learningRate, draw, loss, onProgress, signal } = options;
  const optimizer = tf.train.adam(learningRate);
  const names = variables.map(({ name }) => name);
  let running = Number.NaN;
  for (let update = 0; update < updates; update++) {
    if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled', { update });
    const rate = learningRate * (0.05 + 0.475 * (1 + Math.cos((Math.PI * update) / updates)));
    (optimizer as unknown as { learningRate: number }).learningRate = rate;
    const batch = draw();
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => loss(batch), [...variables]);
      const norm = tf.sqrt(tf.addN(names.map((name) => tf.sum(tf.square(grads[name]!)))));
      const factor = tf.minimum(1, tf.div(1, tf.add(norm, 1e-6)));
      optimizer.applyGradients(Object.fromEntries(names.map((name) => [name, tf.mul(grads[name]!, factor)])));
      return value.dataSync()[0]!;
    });
    tf.dispose(batch);
    running = Number.isNaN(running) ? value : 0.95 * running + 0.05 * value;
    onProgress(update + 1, updates, running);
    // Progress bars and signals need the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  optimizer.dispose();
  return running;
};
