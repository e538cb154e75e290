import * as tf from '@tensorflow/tfjs-core';
import { lstm } from '../../training/lstm.ts';
import { trainableProduct } from '../../training/product.ts';
import { createRandom, type Random } from '../../training/random.ts';
import { watchOne } from '../univariate.ts';
import { fillSingleInputs, type SingleWeights, singleInputs } from './single.ts';
import { fit, uniform, variableOf } from './training.ts';

/** How the network of one metric is trained. */
export const singleTraining = {
  hidden: 32,
  updates: 300,
  batch: 32,
  steps: 256,
  learningRate: 4e-3,
  /** Invented series beside the recorded ones, and the share of stretches drawn from them. */
  synthetic: 120,
  syntheticShare: 0.3,
  seed: 1,
} as const;

/** A series to learn from. */
export interface TrainingSeries {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly intervalMs: number;
}

/** Invent a series of five minutes' steps: a daily shape, a weekend, a level that wanders, noise, spikes. */
const invent = (random: Random): TrainingSeries => {
  const rows = 1500;
  const intervalMs = 300_000;
  const start = 1.4e12 + random.integer(0, 7 * 288) * intervalMs;
  const amplitude = random.next() < 0.3 ? 0 : Math.exp(random.normal());
  const second = amplitude * random.next();
  const phase = 2 * Math.PI * random.next();
  const weekend = 1 - random.next() * random.next();
  const persistence = random.next() < 0.5 ? 0.9 * random.next() : 0.9 + 0.099 * random.next();
  const spikes = random.next() < 0.5 ? 0.02 * random.next() : 0;
  let level = 0;
  const times = Float64Array.from({ length: rows }, (_, row) => start + row * intervalMs);
  const values = times.map((time) => {
    const day = (2 * Math.PI * (time % 86_400_000)) / 86_400_000;
    const quiet = Math.floor(time / 86_400_000 + 4) % 7 >= 5 ? weekend : 1;
    level = persistence * level + Math.sqrt(1 - persistence ** 2) * random.normal();
    const spike = random.next() < spikes ? 6 * Math.abs(random.normal()) : 0;
    return quiet * (amplitude * Math.sin(day + phase) + second * Math.sin(2 * day + 2 * phase)) + level + spike;
  });
  return { times, values, intervalMs };
};

/** Inputs of the network, row by row, as the detector would make them. */
const inputsOf = (series: TrainingSeries): Float32Array => {
  const rows = series.times.length;
  const inputs = new Float32Array(rows * singleInputs);
  let row = 0;
  const watch = watchOne(
    { name: '', metrics: 1, intervalMs: series.intervalMs, learningRows: 0 },
    {
      level: false,
      days: false,
      residual: false,
      network: () => ({
        forecast(x, change, day, week, nextMs) {
          fillSingleInputs(inputs, row * singleInputs, x, change, day, week, nextMs);
          return x;
        },
      }),
    },
  );
  const value = new Float64Array(1);
  for (; row < rows; row++) {
    value[0] = series.values[row]!;
    watch.score(value, series.times[row]!);
  }
  return inputs;
};

const draw = (random: Random, recorded: readonly Float32Array[], invented: readonly Float32Array[]) => {
  const { batch, steps, syntheticShare } = singleTraining;
  const x = new Float32Array(steps * batch * singleInputs);
  const target = new Float32Array(steps * batch);
  const mask = new Float32Array(steps * batch);
  for (let stream = 0; stream < batch; stream++) {
    const source = random.pick(recorded.length === 0 || random.next() < syntheticShare ? invented : recorded);
    const rows = source.length / singleInputs;
    const from = random.integer(0, Math.max(1, rows - steps));
    for (let step = 0; step < Math.min(steps, rows - from - 1); step++) {
      const at = step * batch + stream;
      const row = (from + step) * singleInputs;
      x.set(source.subarray(row, row + singleInputs), at * singleInputs);
      target[at] = source[row + singleInputs]!;
      mask[at] = 1;
    }
  }
  return {
    x: tf.tensor3d(x, [steps, batch, singleInputs]),
    target: tf.tensor1d(target),
    mask: tf.tensor1d(mask),
  };
};

/**
 * Train the forecaster of one metric on recorded series and invented ones.
 *
 * @param series benign as far as anyone knows
 * @throws EbbtideError CANCELLED by the signal
 */
export const trainSingle = async (
  series: readonly TrainingSeries[],
  onProgress: (done: number, total: number, loss: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<{ weights: SingleWeights; loss: number }> => {
  const { hidden, updates, batch, steps, learningRate, synthetic, seed } = singleTraining;
  const random = createRandom(seed);
  const recorded = series.map(inputsOf);
  const invented = Array.from({ length: synthetic }, () => inputsOf(invent(random)));
  const limit = Math.sqrt(6 / (singleInputs + 4 * hidden));
  const kernel = variableOf(uniform(random, singleInputs * 4 * hidden, limit), [singleInputs, 4 * hidden]);
  const recurrent = variableOf(uniform(random, hidden * 4 * hidden, Math.sqrt(3 / hidden) / 2), [hidden, 4 * hidden]);
  const bias = variableOf(new Float32Array(4 * hidden).fill(1, hidden, 2 * hidden), [4 * hidden]);
  const head = variableOf(uniform(random, (hidden + singleInputs) * 2, 0.02), [hidden + singleInputs, 2]);
  const headBias = variableOf(new Float32Array(2), [2]);
  const variables = [kernel, recurrent, bias, head, headBias];
  const zeros = tf.zeros([batch, hidden]) as tf.Tensor2D;
  const loss = ({ x, target, mask }: ReturnType<typeof draw>): tf.Scalar => {
    const weights = {
      kernel: kernel as tf.Variable<tf.Rank.R2>,
      recurrentKernel: recurrent as tf.Variable<tf.Rank.R2>,
      bias: bias as tf.Variable<tf.Rank.R1>,
    };
    const { outputs } = lstm(x, weights, zeros, zeros);
    const flat = tf.reshape(x, [steps * batch, singleInputs]) as tf.Tensor2D;
    const joined = tf.concat([tf.reshape(outputs, [steps * batch, hidden]), flat], 1) as tf.Tensor2D;
    const out = tf.add(trainableProduct(joined, head as tf.Tensor2D), headBias);
    const [change, rawScale] = tf.split(out, 2, 1).map((it) => tf.reshape(it, [steps * batch])) as tf.Tensor1D[];
    const last = tf.reshape(tf.slice(flat, [0, 0], [-1, 1]), [steps * batch]);
    const logScale = tf.clipByValue(rawScale!, -4, 3);
    const z = tf.mul(tf.sub(target, tf.add(last, change!)), tf.exp(tf.neg(logScale)));
    // Student's t with three degrees of freedom: spikes are no reason to expect spikes.
    const surprise = tf.add(tf.mul(2, tf.log(tf.add(1, tf.div(tf.square(z), 3)))), logScale);
    return tf.div(tf.sum(tf.mul(surprise, mask)), tf.sum(mask)) as tf.Scalar;
  };
  const drawNext = () => draw(random, recorded, invented);
  const lastLoss = await fit({ variables, updates, learningRate, draw: drawNext, loss, onProgress, signal });
  const [k, r, b, h, hb] = variables.map((variable) => Float32Array.from(variable.dataSync()));
  tf.dispose([...variables, zeros]);
  const weights = { inputs: singleInputs, hidden, kernel: k!, recurrentKernel: r!, bias: b!, head: h!, headBias: hb! };
  return { weights, loss: lastLoss };
};
