import * as tf from '@tensorflow/tfjs-core';
import { hazardBins } from '../access/hazard.ts';
import { logitScale, treeInputs, usualLogit } from '../access/inputs.ts';
import type { HazardWeights } from '../access/network.ts';
import { lstm } from './lstm.ts';
import { trainableProduct } from './product.ts';
import type { Random } from './random.ts';

/** Sizes of the hazard network. */
export interface HazardSizes {
  readonly inputs: number;
  readonly hidden: number;
  readonly dense: number;
}

/** One stretch of hours for all pairs. */
export interface HazardStretch {
  /** steps × pairs × inputs */
  readonly x: tf.Tensor3D;
  /** (steps · pairs) × bins: 1 in the bin of the next access. */
  readonly target: tf.Tensor2D;
  /** (steps · pairs) × bins: how much each bin counts; 0 where nothing is known of it any more. */
  readonly weight: tf.Tensor2D;
}

/** The hazard network while it learns. */
export interface TrainableHazard {
  readonly variables: readonly tf.Variable[];
  /** Those that weight decay pulls to zero. */
  readonly decayed: readonly tf.Variable[];
  weights(): HazardWeights;
  /**
   * Mean loss over a stretch, and the state after it.
   *
   * @param drop where inputs and outputs are dropped by chance; absent when it is judged
   */
  loss(
    stretch: HazardStretch,
    state: { readonly h: tf.Tensor2D; readonly c: tf.Tensor2D },
    drop?: Random,
  ): { loss: tf.Scalar; h: tf.Tensor2D; c: tf.Tensor2D };
  dispose(): void;
}

const dropInputs = 0.1;
const dropOutputs = 0.3;

const uniform = (random: Random, size: number, limit: number): Float32Array =>
  Float32Array.from({ length: size }, () => (2 * random.next() - 1) * limit);

/** @param kept - of each row of `inputs`, those from here on are never dropped */
const dropped = (random: Random, size: number, share: number, inputs = size, kept = inputs): Float32Array => {
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) mask[i] = i % inputs >= kept ? 1 : random.next() < share ? 0 : 1 / (1 - share);
  return mask;
};

/** Make an untrained hazard network. */
export const createHazard = (random: Random, { inputs, hidden, dense }: HazardSizes): TrainableHazard => {
  // A variable shares its initial value's memory but not its handle: without tidy each handle would stay.
  const variable = <R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R]) =>
    tf.tidy(() => tf.variable(tf.tensor(values, shape))) as tf.Variable<R>;
  const matrix = (rows: number, columns: number, limit: number) =>
    variable<tf.Rank.R2>(uniform(random, rows * columns, limit), [rows, columns]);
  const glorot = (rows: number, columns: number) => matrix(rows, columns, Math.sqrt(6 / (rows + columns)));
  const kernel = glorot(inputs, 4 * hidden);
  const recurrentKernel = matrix(hidden, 4 * hidden, Math.sqrt(3 / hidden) / 2);
  // A forget gate that starts open remembers from the first update on.
  const bias = variable<tf.Rank.R1>(new Float32Array(4 * hidden).fill(1, hidden, 2 * hidden), [4 * hidden]);
  const denseKernel = glorot(hidden, dense);
  const denseBias = variable<tf.Rank.R1>(new Float32Array(dense), [dense]);
  const joinedSize = dense + treeInputs;
  const head = uniform(random, joinedSize * hazardBins, 0.3 * Math.sqrt(6 / (joinedSize + hazardBins)));
  // Accesses are rare: the first guess is a chance of one in eight, and of the first hour what trees say
  const firstGuess = new Float32Array(hazardBins).fill(-2);
  head.fill(0, dense * hazardBins);
  head[dense * hazardBins] = logitScale;
  firstGuess[0] = usualLogit.hour;
  const headKernel = variable<tf.Rank.R2>(head, [joinedSize, hazardBins]);
  const headBias = variable<tf.Rank.R1>(firstGuess, [hazardBins]);
  const variables = [kernel, recurrentKernel, bias, denseKernel, denseBias, headKernel, headBias];
  const floats = (of: tf.Variable) => Float32Array.from(of.dataSync());
  return {
    variables,
    decayed: [kernel, recurrentKernel, denseKernel, headKernel],
    weights: () => ({
      hidden,
      dense,
      kernel: floats(kernel),
      recurrentKernel: floats(recurrentKernel),
      bias: floats(bias),
      denseKernel: floats(denseKernel),
      denseBias: floats(denseBias),
      headKernel: floats(headKernel),
      headBias: floats(headBias),
    }),
    loss({ x, target, weight }, state, drop) {
      const [steps, pairs] = x.shape;
      const rows = steps * pairs;
      const keep = <R extends tf.Rank>(of: tf.Tensor<R>, mask: (random: Random) => Float32Array) =>
        drop ? (tf.mul(of, tf.tensor(mask(drop), of.shape)) as tf.Tensor<R>) : of;
      const input = keep(x, (random) => dropped(random, x.size, dropInputs, inputs, inputs - treeInputs));
      const { outputs, h, c } = lstm(input, { kernel, recurrentKernel, bias }, state.h, state.c);
      const recurrent = keep(tf.reshape(outputs, [rows, hidden]) as tf.Tensor2D, (random) =>
        dropped(random, rows * hidden, dropOutputs),
      );
      const middle = tf.tanh(tf.add(trainableProduct(recurrent, denseKernel), denseBias)) as tf.Tensor2D;
      const trees = tf.slice(tf.reshape(x, [rows, inputs]), [0, inputs - treeInputs], [rows, treeInputs]);
      const joined = tf.concat([middle, trees], 1) as tf.Tensor2D;
      const logits = tf.add(trainableProduct(joined, headKernel), headBias);
      // Cross-entropy of each bin still at risk
      const surprise = tf.add(
        tf.sub(tf.relu(logits), tf.mul(logits, target)),
        tf.log1p(tf.exp(tf.neg(tf.abs(logits)))),
      );
      return { loss: tf.div(tf.sum(tf.mul(surprise, weight)), tf.add(tf.sum(weight), 1)) as tf.Scalar, h, c };
    },
    dispose: () => tf.dispose(variables),
  };
};
