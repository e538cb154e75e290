import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../../schemas/errors.ts';
import { createAdam } from '../../training/adam.ts';
import type { FitState, TrainingProgress } from '../../training/fit.ts';
import { createRandom } from '../../training/random.ts';
import { type ComparatorWeights, weightArrays, weightsFrom } from './network.ts';
import type { PairSource } from './pairs.ts';
import { createComparator, type Pairs } from './trainable.ts';

/** How to fit. */
export interface FitComparatorOptions {
  readonly seed: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Epochs without a better validation loss before it stops. */
  readonly patience: number;
  /** Pairs of an update, half of them genuine. */
  readonly batch: number;
  readonly signal?: AbortSignal;
  /** Go on from here. */
  readonly from?: FitState;
  /** Called after each epoch, and when the signal fires. */
  readonly keep?: (state: FitState) => void;
}

/** What a fit gave. */
export interface FitComparatorResult {
  readonly weights: ComparatorWeights;
  readonly steps: number;
  readonly trainingLoss: number;
  /** NaN without validation. */
  readonly validationLoss: number;
}

/** What is the default of every training. */
export const fitDefaults = { epochs: 20, stepsPerEpoch: 50, patience: 6, batch: 256 } as const;

const peak = 4e-3;
const weightDecay = 1e-5;
const clipNorm = 1;
const validationPairs = 2048;

/** One cycle: up to the peak in three tenths of the steps, then down to nothing, each half a cosine. */
const rateAt = (share: number): number => {
  const half = (from: number, to: number, at: number) => to + ((from - to) * (1 + Math.cos(Math.PI * at))) / 2;
  return share < 0.3 ? half(peak / 25, peak, share / 0.3) : half(peak, peak / 1e4, (share - 0.3) / 0.7);
};

/** A generator for one step: what a step draws depends on nothing but the seed and its number. */
const chanceOf = (seed: number, step: number) =>
  createRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b));

const assign = (variables: readonly tf.Variable[], arrays: readonly Float32Array[]): void =>
  variables.forEach((variable, i) => {
    tf.tidy(() => variable.assign(tf.tensor(arrays[i]!, variable.shape)));
  });

/**
 * Fit the comparator. Without validation the weights of the last step are taken, else those of the epoch that did best on
 * people held back.
 *
 * @param clock monotonic milliseconds, for the estimate of what remains
 * @throws EbbtideError CANCELLED when the signal fires, MODEL_DAMAGED when the weights become NaN
 */
export const fitComparator = async (
  training: PairSource,
  validation: PairSource | undefined,
  options: FitComparatorOptions,
  onProgress: (progress: TrainingProgress) => void,
  clock: () => number,
): Promise<FitComparatorResult> => {
  const { seed, epochs, stepsPerEpoch, patience, batch, from, keep, signal } = options;
  const model = createComparator(createRandom(seed));
  const optimizer = createAdam(model.variables);
  const count = model.variables.length;
  const names = model.variables.map(({ name }) => name);
  const steps = epochs * stepsPerEpoch;
  const held = validation?.draw(createRandom(seed ^ 0x5eed), validationPairs);
  let best = { validationLoss: Number.POSITIVE_INFINITY, weights: model.weights(), epoch: 0 };
  let step = 0;
  let running = Number.NaN;
  if (from) {
    step = from.epoch * stepsPerEpoch + from.done;
    running = from.running ?? Number.NaN;
    assign(model.variables, from.arrays.slice(0, count));
    best = {
      validationLoss: from.best.validationLoss ?? Number.POSITIVE_INFINITY,
      epoch: from.best.epoch,
      weights: weightsFrom(from.arrays.slice(count, 2 * count)),
    };
    optimizer.restore(from.arrays.slice(2 * count));
  }
  const begun = step;
  const started = clock();
  const etaMs = (): number => ((clock() - started) / Math.max(1, step - begun)) * (steps - step);
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const save = (epoch: number, done: number): void =>
    keep?.({
      epoch,
      done,
      running: finite(running),
      best: { validationLoss: finite(best.validationLoss), epoch: best.epoch },
      arrays: [...weightArrays(model.weights()), ...weightArrays(best.weights), ...optimizer.state()],
    });

  const update = (): number => {
    const chance = chanceOf(seed, step);
    const pairs: Pairs = training.draw(chance, batch);
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => model.loss(pairs, chance), [...model.variables]);
      tf.dispose([pairs.x, pairs.impostor]);
      const decayed = names.map((name, i) => tf.add(grads[name]!, tf.mul(model.variables[i]!, weightDecay)));
      const norm = tf.sqrt(tf.addN(decayed.map((it) => tf.sum(tf.square(it)))));
      const factor = tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6)));
      optimizer.apply(
        decayed.map((it) => tf.mul(it, factor)),
        rateAt(step / steps),
      );
      return value.dataSync()[0]!;
    });
  };

  try {
    let done = from?.done ?? 0;
    let validationLoss = Number.NaN;
    for (let epoch = from?.epoch ?? 0; epoch < epochs && epoch - best.epoch <= patience; epoch++, done = 0) {
      for (; done < stepsPerEpoch; done++) {
        if (signal?.aborted) {
          save(epoch, done);
          throw new EbbtideError('CANCELLED', 'Training was cancelled', { step, steps });
        }
        const loss = update();
        if (!Number.isFinite(loss))
          throw new EbbtideError(
            'MODEL_DAMAGED',
            `Training went astray: the loss is ${loss} at step ${step + 1}; try another seed`,
            {
              step: step + 1,
            },
          );
        step++;
        running = Number.isNaN(running) ? loss : 0.95 * running + 0.05 * loss;
        if (step % 5 === 1) {
          onProgress({ step, steps, loss: running, etaMs: etaMs() });
          // Training shares the process with progress bars and signals, which need the event loop.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      if (held) validationLoss = tf.tidy(() => model.loss(held).dataSync()[0]!);
      if (!held || validationLoss < best.validationLoss) best = { validationLoss, weights: model.weights(), epoch };
      onProgress({ step, steps, loss: running, ...(held ? { validationLoss } : {}), etaMs: etaMs() });
      save(epoch + 1, 0);
    }
  } finally {
    if (held) tf.dispose([held.x, held.impostor]);
    optimizer.dispose();
    model.dispose();
  }
  return {
    weights: best.weights,
    steps: step,
    trainingLoss: running,
    validationLoss: held ? best.validationLoss : Number.NaN,
  };
};
