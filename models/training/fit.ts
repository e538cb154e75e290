import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ForecasterWeights } from '../anomaly/network.ts';
import type { TrainableForecaster } from './forecaster.ts';
import type { Streams } from './streams.ts';

/** How far a training is. */
export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the last steps. */
  readonly loss: number;
  /** Loss on held-back subjects, once there is one. */
  readonly validationLoss?: number;
  readonly etaMs: number;
}

/** How to fit. */
export interface FitOptions {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly learningRate: number;
  /** Epochs without a better validation loss before it stops. */
  readonly patience: number;
  readonly clipNorm: number;
  /** Streams side by side in training and in validation. */
  readonly batch: number;
  readonly signal?: AbortSignal;
}

/** Outcome of a fit. */
export interface FitResult {
  readonly weights: ForecasterWeights;
  readonly steps: number;
  readonly trainingLoss: number;
  readonly validationLoss: number;
}

const carried = (batch: number, hidden: number) => ({
  h: tf.zeros([batch, hidden]) as tf.Tensor2D,
  c: tf.zeros([batch, hidden]) as tf.Tensor2D,
});

/** Loss on held-back stretches, with state carried from one to the next. */
const validate = (model: TrainableForecaster, stretches: ReturnType<Streams['next']>[], hidden: number): number =>
  tf.tidy(() => {
    let { h, c } = carried(stretches[0]!.x.shape[0], hidden);
    let sum = 0;
    for (const { x, target, mask, keep } of stretches) {
      const result = model.loss(x, target, mask, tf.mul(h, keep), tf.mul(c, keep));
      sum += result.loss.dataSync()[0]!;
      h = result.h;
      c = result.c;
    }
    return sum / stretches.length;
  });

/**
 * Fit the forecaster by truncated back-propagation through time, the state carried across stretches, stopping early.
 *
 * @param onProgress called after every few steps
 * @param clock monotonic milliseconds, for the estimate of what remains
 * @throws EbbtideError CANCELLED when the signal fires
 */
export const fitForecaster = async (
  model: TrainableForecaster,
  training: Streams,
  validation: Streams,
  hidden: number,
  options: FitOptions,
  onProgress: (progress: TrainingProgress) => void,
  clock: () => number,
): Promise<FitResult> => {
  const { epochs, stepsPerEpoch, learningRate, clipNorm, batch, patience } = options;
  const steps = epochs * stepsPerEpoch;
  const optimizer = tf.train.adam(learningRate);
  const held = Array.from({ length: 6 }, () => validation.next());
  let { h, c } = carried(batch, hidden);
  let best = { validationLoss: Number.POSITIVE_INFINITY, weights: model.weights(), epoch: 0 };
  let running = Number.NaN;
  let step = 0;
  const started = clock();
  const names = model.variables.map((variable) => variable.name);

  const update = (): number => {
    const stretch = training.next();
    let next = { h, c };
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        const result = model.loss(
          stretch.x,
          stretch.target,
          stretch.mask,
          tf.mul(h, stretch.keep),
          tf.mul(c, stretch.keep),
        );
        next = { h: tf.keep(tf.clone(result.h)), c: tf.keep(tf.clone(result.c)) };
        return result.loss;
      }, [...model.variables]);
      const squares = tf.addN(names.map((name) => tf.sum(tf.square(grads[name]!))));
      const factor = tf.minimum(1, tf.div(clipNorm, tf.add(tf.sqrt(squares), 1e-6)));
      optimizer.applyGradients(Object.fromEntries(names.map((name) => [name, tf.mul(grads[name]!, factor)])));
      return value.dataSync()[0]!;
    });
    tf.dispose([h, c, stretch.x, stretch.target, stretch.mask, stretch.keep]);
    ({ h, c } = next);
    return value;
  };

  for (let epoch = 0; epoch < epochs && epoch - best.epoch <= patience; epoch++) {
    for (let i = 0; i < stepsPerEpoch; i++, step++) {
      if (options.signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled', { step, steps });
      // One cosine over the whole training, down to a twentieth.
      const rate = learningRate * (0.05 + 0.475 * (1 + Math.cos((Math.PI * step) / steps)));
      (optimizer as unknown as { learningRate: number }).learningRate = rate;
      const loss = update();
      running = Number.isNaN(running) ? loss : 0.95 * running + 0.05 * loss;
      if (step % 5 === 0) {
        const etaMs = ((clock() - started) / (step + 1)) * (steps - step - 1);
        onProgress({ step: step + 1, steps, loss: running, etaMs });
        // Training shares the process with progress bars and signals, which need the event loop.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const validationLoss = validate(model, held, hidden);
    if (validationLoss < best.validationLoss) best = { validationLoss, weights: model.weights(), epoch };
    const etaMs = ((clock() - started) / step) * (steps - step);
    onProgress({ step, steps, loss: running, validationLoss, etaMs });
  }
  for (const { x, target, mask, keep } of held) tf.dispose([x, target, mask, keep]);
  tf.dispose([h, c]);
  optimizer.dispose();
  return { weights: best.weights, steps: step, trainingLoss: running, validationLoss: best.validationLoss };
};
