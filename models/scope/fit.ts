import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../schemas/errors.ts';
import { createAdam } from '../training/adam.ts';
import { descend, type FitPoint, fitEpochs } from '../training/epochs.ts';
import { createRandom } from '../training/random.ts';
import { type SequenceWeights, weightsOfArrays } from './network.ts';
import { createSequence, type SequenceBatch } from './trainable.ts';

/** A sequence to learn: targets and their weights, by step and output. */
export interface TrainingSequence {
  readonly steps: number;
  /** steps × inputs */
  readonly x: Float32Array;
  /** steps × outputs */
  readonly target: Float32Array;
  /** steps × outputs; 0 leaves a target out. */
  readonly weight: Float32Array;
}

/** How to fit one network. */
export interface FitSequencesOptions {
  readonly hidden: number;
  /** `logistic` for a probability, `square` for an amount. */
  readonly loss: 'logistic' | 'square';
  /** Of the whole schedule of learning rates. */
  readonly epochs: number;
  /** Epoch after which it ends, to repeat what another fit found best. @default the schedule's end */
  readonly untilEpoch?: number;
  readonly seed: number;
  /** Sequences by which it is judged after each epoch. @default none */
  readonly held?: readonly TrainingSequence[];
  /** Decay of weights, a step. */
  readonly decay: number;
  /** @default 0.01 */
  readonly rate?: number;
  readonly from?: FitPoint | undefined;
  readonly onEpoch?: (point: FitPoint) => void;
  readonly onStep?: (done: number, total: number, loss: number, judged: number | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Pace of the training. */
export const fitDefaults = { epochs: 25, batch: 32, patience: 6, clipNorm: 1, rate: 0.01 } as const;

/** Sequences side by side, padded with what has no weight. */
const batchOf = (sequences: readonly TrainingSequence[], inputs: number, outputs: number): SequenceBatch => {
  const many = sequences.length;
  const steps = Math.max(...sequences.map((it) => it.steps));
  const byStep = (size: number, of: (sequence: TrainingSequence) => Float32Array): Float32Array => {
    const all = new Float32Array(steps * many * size);
    sequences.forEach((sequence, column) => {
      const values = of(sequence);
      for (let step = 0; step < sequence.steps; step++)
        all.set(values.subarray(step * size, (step + 1) * size), (step * many + column) * size);
    });
    return all;
  };
  return {
    x: tf.tensor3d(
      byStep(inputs, ({ x }) => x),
      [steps, many, inputs],
    ),
    target: tf.tensor2d(
      byStep(outputs, ({ target }) => target),
      [steps * many, outputs],
    ),
    weight: tf.tensor2d(
      byStep(outputs, ({ weight }) => weight),
      [steps * many, outputs],
    ),
  };
};

const disposeOf = ({ x, target, weight }: SequenceBatch): void => tf.dispose([x, target, weight]);

const counts = ({ weight }: TrainingSequence): boolean => weight.some((it) => it > 0);

/**
 * Fit the network on the backend in force. The same sequences, options and backend give the same weights, resumed or not.
 *
 * @returns the weights of the epoch that was best where something is held back, else of the last; and that epoch
 * @throws EbbtideError CANCELLED by the signal, MODEL_DAMAGED when the loss is no number
 * @throws RangeError without sequences
 */
export const fitSequences = async (
  sequences: readonly TrainingSequence[],
  options: FitSequencesOptions,
): Promise<{ weights: SequenceWeights; epoch: number; loss: number }> => {
  const first = sequences[0];
  if (!first) throw new RangeError('No sequence to train on');
  const { seed, epochs, hidden, loss, decay, signal, rate: peak = fitDefaults.rate } = options;
  const { batch, patience, clipNorm } = fitDefaults;
  const inputs = first.x.length / first.steps;
  const outputs = first.target.length / first.steps;
  const held = options.held?.filter(counts) ?? [];
  const model = createSequence(createRandom(seed), { inputs, hidden, outputs, loss });
  const optimizer = createAdam(model.variables);
  const until = Math.min(epochs, options.untilEpoch ?? epochs);
  const perEpoch = Math.ceil(sequences.length / batch);
  let running = Number.NaN;
  let judged: number | undefined;

  const train = async (epoch: number): Promise<void> => {
    const random = createRandom(seed * 1009 + epoch + 1);
    const order = [...sequences];
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.integer(0, i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    for (let i = 0; i < perEpoch; i++) {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled', { epoch });
      const part = batchOf(order.slice(i * batch, (i + 1) * batch), inputs, outputs);
      const done = epoch * perEpoch + i + 1;
      const rate = (peak / 2) * (1 + Math.cos((Math.PI * done) / (epochs * perEpoch)));
      const found = descend(model.variables, optimizer, () => model.loss(part), {
        ...{ rate, clipNorm, decay, decayed: model.decayed },
      });
      disposeOf(part);
      running = Number.isNaN(running) ? found : 0.9 * running + 0.1 * found;
      options.onStep?.(done, until * perEpoch, running, judged);
      // Training shares the process with progress bars and signals, which need the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const judging = held.length > 0 ? batchOf(held, inputs, outputs) : undefined;
  const judge = (): number => {
    judged = tf.tidy(() => model.loss(judging!).dataSync()[0]!);
    return judged;
  };
  try {
    const best = await fitEpochs({
      ...{ variables: model.variables, optimizer, until, patience, train },
      from: options.from,
      onEpoch: options.onEpoch,
      judge: judging ? judge : undefined,
    });
    return {
      weights: weightsOfArrays(best.weights),
      epoch: best.epoch,
      loss: judging ? best.judged : running,
    };
  } finally {
    if (judging) disposeOf(judging);
    model.dispose();
    optimizer.dispose();
  }
};
