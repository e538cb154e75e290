import * as tf from '@tensorflow/tfjs-core';
import { lstm } from '../../training/lstm.ts';
import { trainableProduct } from '../../training/product.ts';
import type { Random } from '../../training/random.ts';
import { inputsPerKey } from './inputs.ts';
import { type ComparatorWeights, weightsFrom } from './network.ts';

/** Units of the LSTM and of the dense layer behind it. */
export const comparatorSizes = { hidden: 32, dense: 32 } as const;
/** Share of units left out while training: of what is pooled, and of the dense layer. */
const dropout = { pooled: 0.2, dense: 0.1 } as const;

/** Pairs of a sample and a person, and whether they belong together. */
export interface Pairs {
  /** keys × pairs × inputs */
  readonly x: tf.Tensor3D;
  /** pairs × 1: 1 for an impostor */
  readonly impostor: tf.Tensor2D;
}

/** The comparator while it learns. */
export interface TrainableComparator {
  readonly variables: readonly tf.Variable[];
  /** Weights as they stand. */
  weights(): ComparatorWeights;
  /** Mean cross-entropy; units are left out by chance where there is some. */
  loss(pairs: Pairs, random?: Random): tf.Scalar;
  dispose(): void;
}

/** Make an untrained comparator. */
export const createComparator = (random: Random): TrainableComparator => {
  const { hidden, dense } = comparatorSizes;
  const variable = (shape: number[], fill: (i: number) => number): tf.Variable =>
    tf.tidy(() =>
      tf.variable(
        tf.tensor(
          Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => fill(i)),
          shape,
        ),
      ),
    );
  const uniform = (shape: number[], limit: number): tf.Variable =>
    variable(shape, () => (2 * random.next() - 1) * limit);
  const glorot = (rows: number, columns: number): tf.Variable =>
    uniform([rows, columns], Math.sqrt(6 / (rows + columns)));
  const kernel = uniform([inputsPerKey, 4 * hidden], Math.sqrt(6 / (inputsPerKey + hidden)));
  const recurrentKernel = uniform([hidden, 4 * hidden], Math.sqrt(3 / hidden) / 2);
  // A forget gate that starts open remembers from the first update on.
  const bias = variable([4 * hidden], (i) => (i >= hidden && i < 2 * hidden ? 1 : 0));
  const denseKernel = glorot(2 * hidden, dense);
  const denseBias = variable([dense], () => 0);
  const logitKernel = glorot(dense, 1);
  const logitBias = variable([1], () => 0);
  const variables = [kernel, recurrentKernel, bias, denseKernel, denseBias, logitKernel, logitBias];

  const leaveOut = (values: tf.Tensor2D, share: number, chance: Random | undefined): tf.Tensor2D => {
    if (!chance) return values;
    const [rows, columns] = values.shape;
    const mask = Float32Array.from({ length: rows * columns }, () => (chance.next() < share ? 0 : 1 / (1 - share)));
    return tf.mul(values, tf.tensor2d(mask, [rows, columns]));
  };

  return {
    variables,
    weights: () => weightsFrom(variables.map((it) => Float32Array.from(it.dataSync()))),
    loss({ x, impostor }, chance) {
      const zeros = tf.zeros([x.shape[1], hidden]) as tf.Tensor2D;
      const weights = { kernel, recurrentKernel, bias } as unknown as Parameters<typeof lstm>[1];
      const { outputs } = lstm(x, weights, zeros, zeros);
      const pooled = tf.concat([tf.mean(outputs, 0), tf.max(outputs, 0)], 1) as tf.Tensor2D;
      const kept = leaveOut(pooled, dropout.pooled, chance);
      const units = tf.relu(tf.add(trainableProduct(kept, denseKernel as unknown as tf.Tensor2D), denseBias));
      const felt = leaveOut(units as tf.Tensor2D, dropout.dense, chance);
      const logit = tf.add(trainableProduct(felt, logitKernel as unknown as tf.Tensor2D), logitBias);
      // max(l, 0) − l·y + ln(1 + e^−|l|): the cross-entropy without an overflow.
      const entropy = tf.add(tf.sub(tf.relu(logit), tf.mul(logit, impostor)), tf.log1p(tf.exp(tf.neg(tf.abs(logit)))));
      return tf.mean(entropy) as tf.Scalar;
    },
    dispose() {
      tf.dispose(variables);
    },
  };
};
