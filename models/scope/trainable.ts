import * as tf from '@tensorflow/tfjs-core';
import { lstm } from '../training/lstm.ts';
import { trainableProduct } from '../training/product.ts';
import type { Random } from '../training/random.ts';

/** Sequences side by side. */
export interface SequenceBatch {
  /** steps × sequences × inputs */
  readonly x: tf.Tensor3D;
  /** (steps · sequences) × outputs */
  readonly target: tf.Tensor2D;
  /** (steps · sequences) × outputs; 0 leaves a target out. */
  readonly weight: tf.Tensor2D;
}

/** The network while it learns. */
export interface TrainableSequence {
  /** In the order of `arraysOfWeights`. */
  readonly variables: readonly tf.Variable[];
  /** Those that weight decay pulls to zero. */
  readonly decayed: readonly tf.Variable[];
  /** Weighted mean loss: cross-entropy of a log-odds, or half the squared error of an amount. */
  loss(batch: SequenceBatch): tf.Scalar;
  dispose(): void;
}

/** Sizes of the network, and what it is to learn. */
export interface SequenceShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly loss: 'logistic' | 'square';
}

/** Make an untrained network. */
export const createSequence = (random: Random, { inputs, hidden, outputs, loss }: SequenceShape): TrainableSequence => {
  // A variable shares its initial value's memory but not its handle: without tidy each handle would stay.
  const variable = <R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R]) =>
    tf.tidy(() => tf.variable(tf.tensor(values, shape))) as tf.Variable<R>;
  const matrix = (rows: number, columns: number, limit: number) =>
    variable<tf.Rank.R2>(
      Float32Array.from({ length: rows * columns }, () => (2 * random.next() - 1) * limit),
      [rows, columns],
    );
  const kernel = matrix(inputs, 4 * hidden, Math.sqrt(3 / (inputs + hidden)));
  const recurrentKernel = matrix(hidden, 4 * hidden, Math.sqrt(3 / hidden) / 2);
  // A forget gate that starts open remembers from the first update on.
  const bias = variable<tf.Rank.R1>(new Float32Array(4 * hidden).fill(1, hidden, 2 * hidden), [4 * hidden]);
  const headKernel = matrix(hidden, outputs, Math.sqrt(3 / hidden) / 2);
  const headBias = variable<tf.Rank.R1>(new Float32Array(outputs), [outputs]);
  const variables = [kernel, recurrentKernel, bias, headKernel, headBias];
  return {
    variables,
    decayed: [kernel, recurrentKernel, headKernel],
    loss({ x, target, weight }) {
      const [steps, sequences] = x.shape;
      const zeros = tf.zeros([sequences, hidden]) as tf.Tensor2D;
      const { outputs: all } = lstm(x, { kernel, recurrentKernel, bias }, zeros, zeros);
      const rows = tf.reshape(all, [steps * sequences, hidden]) as tf.Tensor2D;
      const out = tf.add(trainableProduct(rows, headKernel), headBias);
      const surprise =
        loss === 'square'
          ? tf.mul(tf.square(tf.sub(out, target)), 0.5)
          : // max(z, 0) − z·y + ln(1 + e^−|z|): the cross-entropy without an overflow
            tf.add(tf.sub(tf.relu(out), tf.mul(out, target)), tf.log1p(tf.exp(tf.neg(tf.abs(out)))));
      return tf.div(tf.sum(tf.mul(surprise, weight)), tf.maximum(tf.sum(weight), 1e-9)) as tf.Scalar;
    },
    dispose: () => tf.dispose(variables),
  };
};
