import { createRandom } from '../training/random.ts';
import { backwardRecurrence, forwardRecurrence } from '../training/recurrence.ts';

/**
 * An LSTM with a dense layer on each step, small enough that a step costs microseconds without a runtime: it runs in
 * the middle of a chain, once a window, and must give the same bits on every machine.
 */
export interface SequenceWeights {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  /** inputs × 4·hidden; gates input, forget, cell, output. */
  readonly kernel: Float32Array;
  /** hidden × 4·hidden */
  readonly recurrent: Float32Array;
  /** 4·hidden */
  readonly bias: Float32Array;
  /** hidden × outputs */
  readonly head: Float32Array;
  /** outputs */
  readonly headBias: Float32Array;
}

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

/** How to train. */
export interface SequenceOptions {
  readonly hidden: number;
  /** `logistic` for a probability, `square` for an amount. */
  readonly loss: 'logistic' | 'square';
  readonly epochs: number;
  readonly seed: number;
  /** @default 32 */
  readonly batch?: number;
  /** @default 0.01 */
  readonly rate?: number;
  /** Decay of weights, a step. @default 0.01 */
  readonly decay?: number;
  readonly onEpoch?: (epoch: number, loss: number) => void;
  readonly signal?: AbortSignal;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** out += a (rows × inner) · b (inner × columns) */
const addProduct = (
  out: Float32Array,
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
) => {
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < inner; i++) {
      const value = a[row * inner + i]!;
      if (value === 0) continue;
      for (let column = 0; column < columns; column++) out[row * columns + column]! += value * b[i * columns + column]!;
    }
};

/** out += aᵀ · b, a rows × inner, b rows × columns */
const addTransposed = (
  out: Float32Array,
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
) => {
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < inner; i++) {
      const value = a[row * inner + i]!;
      if (value === 0) continue;
      for (let column = 0; column < columns; column++) out[i * columns + column]! += value * b[row * columns + column]!;
    }
};

/** Floats of the state that one credential carries. */
export const sequenceState = ({ hidden }: SequenceWeights): number => 2 * hidden;

/**
 * One step.
 *
 * @param x - `inputs` numbers
 * @param state - from {@link sequenceState} numbers: outputs, then cells; empty for a new sequence
 * @returns outputs, and the state after the step
 */
export const stepSequence = (
  weights: SequenceWeights,
  x: Float32Array,
  state: Float32Array,
): { readonly outputs: Float32Array; readonly state: Float32Array } => {
  const { inputs, hidden, outputs } = weights;
  const known = state.length === 2 * hidden ? state : new Float32Array(2 * hidden);
  const projected = Float32Array.from(weights.bias);
  addProduct(projected, x, weights.kernel, 1, inputs, 4 * hidden);
  const { outputs: hs, cells } = forwardRecurrence(
    { steps: 1, batch: 1, hidden },
    projected,
    weights.recurrent,
    known.subarray(0, hidden),
    known.subarray(hidden),
  );
  const h = hs.subarray(hidden);
  const out = Float32Array.from(weights.headBias);
  addProduct(out, h, weights.head, 1, hidden, outputs);
  const next = new Float32Array(2 * hidden);
  next.set(h);
  next.set(cells.subarray(hidden), hidden);
  return { outputs: out, state: next };
};

/**
 * Train on sequences, in batches, with Adam and decay of weights (AdamW), a rate that falls as a cosine.
 *
 * @throws {RangeError} without sequences
 */
export const trainSequence = (sequences: readonly TrainingSequence[], options: SequenceOptions): SequenceWeights => {
  const first = sequences[0];
  if (!first) throw new RangeError('No sequence to train on');
  const { hidden, loss, epochs, seed, batch = 32, rate = 0.01, decay = 0.01, onEpoch, signal } = options;
  const inputs = first.x.length / first.steps;
  const outputs = first.target.length / first.steps;
  const random = createRandom(seed);
  const uniform = (length: number, limit: number) =>
    Float32Array.from({ length }, () => (2 * random.next() - 1) * limit);
  const weights: SequenceWeights = {
    inputs,
    hidden,
    outputs,
    kernel: uniform(inputs * 4 * hidden, Math.sqrt(3 / (inputs + hidden))),
    recurrent: uniform(hidden * 4 * hidden, Math.sqrt(3 / hidden) / 2),
    bias: new Float32Array(4 * hidden).fill(1, hidden, 2 * hidden),
    head: uniform(hidden * outputs, Math.sqrt(3 / hidden) / 2),
    headBias: new Float32Array(outputs),
  };
  const variables = [weights.kernel, weights.recurrent, weights.bias, weights.head, weights.headBias];
  const moments = variables.map((it) => ({ first: new Float64Array(it.length), second: new Float64Array(it.length) }));
  const order = sequences.map((_, i) => i);
  const updates = epochs * Math.ceil(order.length / batch);
  let update = 0;
  for (let epoch = 0; epoch < epochs && !signal?.aborted; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.integer(0, i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    let total = 0;
    let counted = 0;
    for (let from = 0; from < order.length; from += batch) {
      const chosen = order.slice(from, from + batch).map((i) => sequences[i]!);
      const result = gradientsOf(weights, chosen, loss);
      total += result.loss;
      counted += result.weight;
      update++;
      const step = rate * 0.5 * (1 + Math.cos((Math.PI * update) / updates));
      variables.forEach((variable, v) => {
        const gradient = result.gradients[v]!;
        const { first, second } = moments[v]!;
        for (let i = 0; i < variable.length; i++) {
          const g = gradient[i]! / Math.max(result.weight, 1e-9);
          first[i] = 0.9 * first[i]! + 0.1 * g;
          second[i] = 0.99 * second[i]! + 0.01 * g * g;
          const mean = first[i]! / (1 - 0.9 ** update);
          const square = second[i]! / (1 - 0.99 ** update);
          variable[i]! -= step * (mean / (Math.sqrt(square) + 1e-8) + (v === 2 || v === 4 ? 0 : decay * variable[i]!));
        }
      });
    }
    onEpoch?.(epoch, total / Math.max(counted, 1e-9));
  }
  return weights;
};

const gradientsOf = (weights: SequenceWeights, sequences: readonly TrainingSequence[], loss: 'logistic' | 'square') => {
  const { inputs, hidden, outputs } = weights;
  const batch = sequences.length;
  const steps = Math.max(...sequences.map((it) => it.steps));
  const rows = steps * batch;
  const x = new Float32Array(rows * inputs);
  const target = new Float32Array(rows * outputs);
  const weight = new Float32Array(rows * outputs);
  sequences.forEach((it, b) => {
    for (let step = 0; step < it.steps; step++) {
      x.set(it.x.subarray(step * inputs, (step + 1) * inputs), (step * batch + b) * inputs);
      target.set(it.target.subarray(step * outputs, (step + 1) * outputs), (step * batch + b) * outputs);
      weight.set(it.weight.subarray(step * outputs, (step + 1) * outputs), (step * batch + b) * outputs);
    }
  });
  const sizes = { steps, batch, hidden };
  const projected = new Float32Array(rows * 4 * hidden);
  for (let row = 0; row < rows; row++) projected.set(weights.bias, row * 4 * hidden);
  addProduct(projected, x, weights.kernel, rows, inputs, 4 * hidden);
  const zeros = new Float32Array(batch * hidden);
  const memory = forwardRecurrence(sizes, projected, weights.recurrent, zeros, zeros);
  const hs = memory.outputs.subarray(batch * hidden);
  const out = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) out.set(weights.headBias, row * outputs);
  addProduct(out, hs, weights.head, rows, hidden, outputs);
  const byOut = new Float32Array(rows * outputs);
  let total = 0;
  let counted = 0;
  for (let i = 0; i < out.length; i++) {
    const w = weight[i]!;
    if (w === 0) continue;
    const z = out[i]!;
    const error = loss === 'logistic' ? sigmoid(z) - target[i]! : z - target[i]!;
    byOut[i] = w * error;
    counted += w;
    total +=
      loss === 'logistic'
        ? w * (Math.max(z, 0) - z * target[i]! + Math.log1p(Math.exp(-Math.abs(z))))
        : (w * error * error) / 2;
  }
  const gHead = new Float32Array(weights.head.length);
  addTransposed(gHead, hs, byOut, rows, hidden, outputs);
  const gHeadBias = new Float32Array(outputs);
  for (let i = 0; i < byOut.length; i++) gHeadBias[i % outputs]! += byOut[i]!;
  const upstream = new Float32Array((steps + 1) * batch * hidden);
  for (let row = 0; row < rows; row++)
    for (let o = 0; o < outputs; o++) {
      const value = byOut[row * outputs + o]!;
      if (value === 0) continue;
      for (let i = 0; i < hidden; i++) upstream[row * hidden + i]! += value * weights.head[i * outputs + o]!;
    }
  const { gates } = backwardRecurrence(sizes, memory, weights.recurrent, upstream);
  const gKernel = new Float32Array(weights.kernel.length);
  addTransposed(gKernel, x, gates, rows, inputs, 4 * hidden);
  const gRecurrent = new Float32Array(weights.recurrent.length);
  addTransposed(gRecurrent, memory.outputs.subarray(0, rows * hidden), gates, rows, hidden, 4 * hidden);
  const gBias = new Float32Array(4 * hidden);
  for (let i = 0; i < gates.length; i++) gBias[i % (4 * hidden)]! += gates[i]!;
  return { loss: total, weight: counted, gradients: [gKernel, gRecurrent, gBias, gHead, gHeadBias] };
};
