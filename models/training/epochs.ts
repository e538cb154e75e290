import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Adam } from './adam.ts';

/** Where a fit is after an epoch: variables, best weights, state of the optimizer. */
export interface FitPoint {
  readonly epoch: number;
  /** The epoch that did best so far, 1 and up, and its loss; null where nothing judges. */
  readonly best: { readonly loss: number | null; readonly epoch: number };
  readonly arrays: readonly Float32Array[];
}

/** What a fit gave: the weights of the epoch that was best where something judges, else of the last. */
export interface EpochsResult {
  readonly weights: readonly Float32Array[];
  /** 1 and up. */
  readonly epoch: number;
  /** Loss by which it was best, Infinity where nothing judged. */
  readonly judged: number;
}

/** How to fit epoch by epoch. */
export interface EpochsOptions {
  readonly variables: readonly tf.Variable[];
  readonly optimizer: Adam;
  /** Epoch after which it ends at the latest. */
  readonly until: number;
  /** Epochs without a better judgement before it stops. */
  readonly patience: number;
  readonly from?: FitPoint | undefined;
  readonly onEpoch?: ((point: FitPoint) => void) | undefined;
  /** Learn from everything once; what is drawn by chance depends on the number of the epoch alone, 0 and up. */
  train(epoch: number): Promise<void>;
  /** Loss on what is held back; absent where nothing is. */
  readonly judge?: (() => number) | undefined;
}

const valuesOf = (variables: readonly tf.Variable[]): Float32Array[] =>
  variables.map((variable) => Float32Array.from(variable.dataSync()));

/**
 * Fit epoch by epoch, stopping early, so that a fit taken up again after any epoch ends with the same weights.
 *
 * @throws EbbtideError what `train` throws
 */
export const fitEpochs = async (options: EpochsOptions): Promise<EpochsResult> => {
  const { variables, optimizer, until, patience, from, train, judge } = options;
  const count = variables.length;
  let best: EpochsResult = { judged: Number.POSITIVE_INFINITY, epoch: 0, weights: valuesOf(variables) };
  if (from) {
    variables.forEach((variable, i) => {
      tf.tidy(() => variable.assign(tf.tensor(from.arrays[i]!, variable.shape)));
    });
    optimizer.restore(from.arrays.slice(2 * count));
    best = {
      judged: from.best.loss ?? Number.POSITIVE_INFINITY,
      epoch: from.best.epoch,
      weights: from.arrays.slice(count, 2 * count),
    };
  }
  for (let epoch = from?.epoch ?? 0; epoch < until && (!judge || epoch - best.epoch <= patience); epoch++) {
    await train(epoch);
    const judged = judge ? judge() : best.judged;
    if (!judge || judged < best.judged) best = { judged, epoch: epoch + 1, weights: valuesOf(variables) };
    options.onEpoch?.({
      epoch: epoch + 1,
      best: { loss: Number.isFinite(best.judged) ? best.judged : null, epoch: best.epoch },
      arrays: [...valuesOf(variables), ...best.weights, ...optimizer.state()],
    });
  }
  return best;
};

/** How to go down. */
export interface DescentOptions {
  readonly rate: number;
  /** Greatest norm of all gradients together. */
  readonly clipNorm: number;
  /** Share of the rate by which weights are pulled to zero, apart from the gradient (Loshchilov and Hutter 2019). */
  readonly decay: number;
  readonly decayed: readonly tf.Variable[];
}

/**
 * One step down the gradient of a loss.
 *
 * @param loss - what it makes besides has to be kept
 * @returns the loss
 * @throws EbbtideError MODEL_DAMAGED when it is no number
 */
export const descend = (
  variables: readonly tf.Variable[],
  optimizer: Adam,
  loss: () => tf.Scalar,
  { rate, clipNorm, decay, decayed }: DescentOptions,
): number => {
  const value = tf.tidy(() => {
    const { value, grads } = tf.variableGrads(loss, [...variables]);
    const all = variables.map(({ name }) => grads[name]!);
    const norm = tf.sqrt(tf.addN(all.map((it) => tf.sum(tf.square(it)))));
    const factor = tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6)));
    for (const variable of decayed) variable.assign(tf.mul(variable, 1 - rate * decay));
    optimizer.apply(
      all.map((it) => tf.mul(it, factor)),
      rate,
    );
    return value.dataSync()[0]!;
  });
  if (Number.isFinite(value)) return value;
  throw new EbbtideError('MODEL_DAMAGED', `Training went astray: the loss is ${value}; try another seed`, {
    loss: String(value),
  });
};
