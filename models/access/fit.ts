import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../schemas/errors.ts';
import { createAdam } from '../training/adam.ts';
import { descend, type FitPoint, fitEpochs } from '../training/epochs.ts';
import { createHazard, type HazardStretch } from '../training/hazard.ts';
import { createRandom } from '../training/random.ts';
import { accessFeatures } from './features.ts';
import type { AccessGrid } from './grid.ts';
import { hazardBin, hazardBins, hazardEdges } from './hazard.ts';
import { encodeInputs, type InputScale, inputCount, type TreeLogits } from './inputs.ts';
import type { HazardWeights } from './network.ts';

/** Sizes and pace of the hazard network's training. */
export const fitDefaults = {
  hidden: 32,
  dense: 48,
  epochs: 12,
  /** Hours of truncated back-propagation. */
  steps: 96,
  learningRate: 4e-3,
  decay: 1e-2,
  clipNorm: 1,
  patience: 4,
} as const;

/** How to fit one member. */
export interface HazardFitOptions {
  readonly seed: number;
  /** Of the whole schedule of learning rates. */
  readonly epochs: number;
  /** Epoch after which it ends, to repeat what another fit found best. @default the schedule's end */
  readonly untilEpoch?: number;
  /** Hours of the grid to learn from, `[0, trainHours)`. */
  readonly trainHours: number;
  /** Hours up to which it is judged after each epoch; none beyond `trainHours`, no judging. */
  readonly judgeHours: number;
  readonly from?: FitPoint | undefined;
  readonly onEpoch?: (point: FitPoint) => void;
  readonly onStep?: (done: number, total: number, loss: number, judged: number | undefined) => void;
  readonly signal?: AbortSignal;
}

const arraysInOrder = (weights: HazardWeights): Float32Array[] => [
  weights.kernel,
  weights.recurrentKernel,
  weights.bias,
  weights.denseKernel,
  weights.denseBias,
  weights.headKernel,
  weights.headBias,
];

/** A member's weights in the order of its variables. */
export const arraysOfMember = arraysInOrder;

/** The reverse of {@link arraysOfMember}. */
export const memberOf = (arrays: readonly Float32Array[]): HazardWeights => {
  const [kernel, recurrentKernel, bias, denseKernel, denseBias, headKernel, headBias] = arrays;
  return {
    hidden: bias!.length / 4,
    dense: denseBias!.length,
    kernel: kernel!,
    recurrentKernel: recurrentKernel!,
    bias: bias!,
    denseKernel: denseKernel!,
    denseBias: denseBias!,
    headKernel: headKernel!,
    headBias: headBias!,
  };
};

/**
 * Inputs of the network for every hour and pair.
 *
 * @param trees what trees that have not seen its outcome say of a row
 * @returns hours × pairs × inputs
 */
export const gridInputs = (
  { x, hours, pairs }: AccessGrid,
  scale: InputScale,
  trees: (row: number) => TreeLogits,
): Float32Array => {
  const rows = hours * pairs.length;
  const inputs = new Float32Array(rows * inputCount);
  for (let row = 0; row < rows; row++)
    encodeInputs(scale, x, row * accessFeatures.size, inputs, row * inputCount, trees(row));
  return inputs;
};

/**
 * Targets and weights of the hazards, knowing nothing after an hour.
 *
 * @param end hours of the grid that are known
 * @returns each hours × pairs × bins
 */
export const hazardTargets = ({ active, pairs }: AccessGrid, end: number) => {
  const count = pairs.length;
  const target = new Float32Array(end * count * hazardBins);
  const weight = new Float32Array(end * count * hazardBins);
  for (let pair = 0; pair < count; pair++) {
    let next = Number.POSITIVE_INFINITY;
    for (let hour = end - 1; hour >= 0; hour--) {
      if (active[hour * count + pair] === 1) next = hour;
      const at = (hour * count + pair) * hazardBins;
      const bin = hazardBin(next - hour);
      if (bin < hazardBins) target[at + bin] = 1;
      for (let i = 0; i < hazardBins; i++) {
        // Without a next access, bins that the end cuts off are unknown
        const known = Number.isFinite(next) ? i <= bin : hazardEdges[i + 1]! <= end - hour;
        if (known) weight[at + i] = i === 0 ? 2 : 1;
      }
    }
  }
  return { target, weight };
};

/** One cycle: up over the first quarter, then down as a cosine. */
const rateAt = (share: number): number =>
  share < 0.25 ? 0.1 + (0.9 * share) / 0.25 : 0.5 * (1 + Math.cos((Math.PI * (share - 0.25)) / 0.75));

/**
 * Fit one member of the hazard network on the backend in force. The same grid, options and backend give the same weights,
 * resumed or not.
 *
 * @returns the weights of the epoch that was best where it is judged, else the last; and that epoch
 * @throws EbbtideError CANCELLED by the signal, MODEL_DAMAGED when the loss is no number
 */
export const fitHazard = async (
  grid: AccessGrid,
  inputs: Float32Array,
  options: HazardFitOptions,
): Promise<{ weights: HazardWeights; epoch: number; loss: number; judged: number }> => {
  const { seed, epochs, trainHours, judgeHours, from, signal } = options;
  const { hidden, dense, steps, learningRate, decay, clipNorm, patience } = fitDefaults;
  const pairs = grid.pairs.length;
  const model = createHazard(createRandom(seed), { inputs: inputCount, hidden, dense });
  const optimizer = createAdam(model.variables);
  const known = hazardTargets(grid, trainHours);
  const judging = judgeHours > trainHours ? hazardTargets(grid, judgeHours) : undefined;
  const stretch = (of: typeof known, hour: number, length: number): HazardStretch => {
    const rows = (values: Float32Array, size: number) =>
      values.subarray(hour * pairs * size, (hour + length) * pairs * size);
    return {
      x: tf.tensor3d(rows(inputs, inputCount), [length, pairs, inputCount]),
      target: tf.tensor2d(rows(of.target, hazardBins), [length * pairs, hazardBins]),
      weight: tf.tensor2d(rows(of.weight, hazardBins), [length * pairs, hazardBins]),
    };
  };
  const zeros = () => ({
    h: tf.zeros([pairs, hidden]) as tf.Tensor2D,
    c: tf.zeros([pairs, hidden]) as tf.Tensor2D,
  });
  const disposeOf = ({ x, target, weight }: HazardStretch): void => tf.dispose([x, target, weight]);

  const judge = (): number => {
    if (!judging) return Number.NaN;
    let state = zeros();
    let [sum, count] = [0, 0];
    for (let hour = 0; hour < judgeHours; ) {
      const length = Math.min(steps, (hour < trainHours ? trainHours : judgeHours) - hour);
      const part = stretch(judging, hour, length);
      const { loss, h, c } = tf.tidy(() => model.loss(part, state));
      if (hour >= trainHours) {
        sum += loss.dataSync()[0]! * length;
        count += length;
      }
      tf.dispose([loss, state.h, state.c]);
      disposeOf(part);
      state = { h, c };
      hour += length;
    }
    tf.dispose([state.h, state.c]);
    return sum / count;
  };

  const perEpoch = Math.max(1, Math.floor(trainHours / steps));
  const until = Math.min(epochs, options.untilEpoch ?? epochs);
  let running = Number.NaN;
  let judged: number | undefined;

  const train = async (epoch: number): Promise<void> => {
    const random = createRandom(seed * 1009 + epoch + 1);
    // Stretches begin elsewhere in each epoch
    const offset = trainHours > 2 * steps ? random.integer(0, steps) : 0;
    let state = zeros();
    for (let i = 0; offset + i * steps < trainHours - 1; i++) {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled', { epoch });
      const rate = learningRate * rateAt(Math.min(1, (epoch * perEpoch + i) / (epochs * perEpoch)));
      const part = stretch(known, offset + i * steps, Math.min(steps, trainHours - offset - i * steps));
      let next = state;
      const step = (): tf.Scalar => {
        const result = model.loss(part, state, random);
        next = { h: tf.keep(tf.clone(result.h)), c: tf.keep(tf.clone(result.c)) };
        return result.loss;
      };
      const loss = descend(model.variables, optimizer, step, { rate, clipNorm, decay, decayed: model.decayed });
      tf.dispose([state.h, state.c]);
      disposeOf(part);
      state = next;
      running = Number.isNaN(running) ? loss : 0.95 * running + 0.05 * loss;
      options.onStep?.(epoch * perEpoch + Math.min(i + 1, perEpoch), until * perEpoch, running, judged);
      // Training shares the process with progress bars and signals, which need the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    tf.dispose([state.h, state.c]);
  };

  try {
    const { variables } = model;
    const best = await fitEpochs({
      ...{ variables, optimizer, until, patience, from, train },
      onEpoch: options.onEpoch,
      judge: judging
        ? () => {
            judged = judge();
            return judged;
          }
        : undefined,
    });
    return { weights: memberOf(best.weights), epoch: best.epoch, loss: running, judged: best.judged };
  } finally {
    model.dispose();
    optimizer.dispose();
  }
};
