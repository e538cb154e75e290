import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ForecasterWeights } from '../anomaly/network.ts';
import { createAdam } from './adam.ts';
import type { Checkpoint } from './checkpoint.ts';
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

/** How far a fit has come; what a checkpoint holds beside what it is a checkpoint of. */
export type FitState = Pick<Checkpoint, 'epoch' | 'done' | 'running' | 'best' | 'arrays'>;

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
  /** Weights to begin with, instead of random ones. */
  readonly initial?: ForecasterWeights;
  /** Go on from here. */
  readonly from?: FitState;
  /** Called every so many steps, after each epoch, and when the signal fires. */
  readonly keep?: { readonly everySteps: number; save(state: FitState): void };
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

const arraysOf = (weights: ForecasterWeights): Float32Array[] => [
  weights.kernel,
  weights.recurrentKernel,
  weights.bias,
  weights.headKernel,
  weights.headBias,
];

const weightsOf = (shape: ForecasterWeights, arrays: readonly Float32Array[]): ForecasterWeights => {
  const [kernel, recurrentKernel, bias, headKernel, headBias] = arrays as [Float32Array, ...Float32Array[]];
  return {
    ...shape,
    kernel,
    recurrentKernel: recurrentKernel!,
    bias: bias!,
    headKernel: headKernel!,
    headBias: headBias!,
  };
};

const assignAll = (variables: readonly tf.Variable[], arrays: readonly Float32Array[]): void => {
  variables.forEach((variable, i) => {
    tf.tidy(() => variable.assign(tf.tensor(arrays[i]!, variable.shape)));
  });
};

/**
 * Fit the forecaster by truncated back-propagation through time, the state carried across stretches, stopping early.
 *
 * @param training must give the same stretches again when a fit is taken up: they are gone through, not kept
 * @param onProgress called after every few steps
 * @param clock monotonic milliseconds, for the estimate of what remains
 * @throws {EbbtideError} `CANCELLED` when the signal fires, `MODEL_DAMAGED` when the weights become NaN
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
  const { epochs, stepsPerEpoch, learningRate, clipNorm, batch, patience, from, keep } = options;
  const steps = epochs * stepsPerEpoch;
  const count = model.variables.length;
  const optimizer = createAdam(model.variables);
  const held = Array.from({ length: 6 }, () => validation.next());
  let { h, c } = carried(batch, hidden);
  if (options.initial) assignAll(model.variables, arraysOf(options.initial));
  // Weights to begin with stand until others do better.
  const known = options.initial && !from ? validate(model, held, hidden) : Number.POSITIVE_INFINITY;
  let best = { validationLoss: known, weights: model.weights(), epoch: 0 };
  let running = Number.NaN;
  let step = 0;
  if (from) {
    step = from.epoch * stepsPerEpoch + from.done;
    for (let i = 0; i < step; i++) training.skip();
    assignAll(model.variables, from.arrays.slice(0, count));
    best = {
      validationLoss: from.best.validationLoss ?? Number.POSITIVE_INFINITY,
      epoch: from.best.epoch,
      weights: weightsOf(best.weights, from.arrays.slice(count, 2 * count)),
    };
    optimizer.restore(from.arrays.slice(2 * count, -2));
    tf.dispose([h, c]);
    h = tf.tensor2d(from.arrays.at(-2)!, [batch, hidden]);
    c = tf.tensor2d(from.arrays.at(-1)!, [batch, hidden]);
    running = from.running ?? Number.NaN;
  }
  const begun = step;
  const started = clock();
  const names = model.variables.map((variable) => variable.name);

  const save = (epoch: number, done: number): void =>
    keep?.save({
      epoch,
      done,
      running: Number.isFinite(running) ? running : null,
      best: {
        validationLoss: Number.isFinite(best.validationLoss) ? best.validationLoss : null,
        epoch: best.epoch,
      },
      arrays: [
        ...model.variables.map((it) => Float32Array.from(it.dataSync())),
        ...arraysOf(best.weights),
        ...optimizer.state(),
        Float32Array.from(h.dataSync()),
        Float32Array.from(c.dataSync()),
      ],
    });

  const update = (rate: number): number => {
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
      optimizer.apply(
        names.map((name) => tf.mul(grads[name]!, factor)),
        rate,
      );
      return value.dataSync()[0]!;
    });
    tf.dispose([h, c, stretch.x, stretch.target, stretch.mask, stretch.keep]);
    ({ h, c } = next);
    return value;
  };
  const etaMs = (): number => ((clock() - started) / Math.max(1, step - begun)) * (steps - step);

  try {
    let done = from?.done ?? 0;
    for (let epoch = from?.epoch ?? 0; epoch < epochs && epoch - best.epoch <= patience; epoch++, done = 0) {
      for (; done < stepsPerEpoch; done++) {
        if (options.signal?.aborted) {
          save(epoch, done);
          throw new EbbtideError('CANCELLED', 'Training was cancelled', { step, steps });
        }
        if (keep && done > 0 && step > begun && done % keep.everySteps === 0) save(epoch, done);
        // One cosine over the whole training, down to a twentieth.
        const loss = update(learningRate * (0.05 + 0.475 * (1 + Math.cos((Math.PI * step) / steps))));
        if (!Number.isFinite(loss))
          throw new EbbtideError(
            'MODEL_DAMAGED',
            `Training went astray: the loss is ${loss} at step ${step + 1}; try another seed, and look for values far beyond all others in the telemetry`,
            { step: step + 1 },
          );
        step++;
        running = Number.isNaN(running) ? loss : 0.95 * running + 0.05 * loss;
        if (step % 5 === 1) {
          onProgress({ step, steps, loss: running, etaMs: etaMs() });
          // Training shares the process with progress bars and signals, which need the event loop.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      const validationLoss = validate(model, held, hidden);
      if (validationLoss < best.validationLoss) best = { validationLoss, weights: model.weights(), epoch };
      onProgress({ step, steps, loss: running, validationLoss, etaMs: etaMs() });
      save(epoch + 1, 0);
    }
  } finally {
    for (const { x, target, mask, keep: kept } of held) tf.dispose([x, target, mask, kept]);
    tf.dispose([h, c]);
    optimizer.dispose();
  }
  const trainingLoss = Number.isNaN(running) ? best.validationLoss : running;
  return { weights: best.weights, steps: step, trainingLoss, validationLoss: best.validationLoss };
};
