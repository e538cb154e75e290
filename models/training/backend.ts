import * as tf from '@tensorflow/tfjs-core';
// Brings the gradients: under Node, tfjs-core registers none by itself.
import '@tensorflow/tfjs-layers';
import { EbbtideError } from '../../schemas/errors.ts';

/**
 * Where the arithmetic of training runs: the order is that in which they are tried. WebGPU is none of them: it issues some
 * thousands of operations a step, which on an H100 took ten times as long as `wasm` for the forecaster (docs/models.md).
 */
export const trainingBackends = ['tensorflow', 'wasm', 'cpu'] as const;

/** See {@link trainingBackends}. */
export type TrainingBackend = (typeof trainingBackends)[number];

const loaders: Readonly<Record<TrainingBackend, () => Promise<unknown>>> = {
  tensorflow: async () => (await import('../runtimes/tensorflow.ts')).loadTensorflow(),
  wasm: () => import('@tensorflow/tfjs-backend-wasm'),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
};

/**
 * Choose where to train: native TensorFlow if it is installed, else WebAssembly, else plain JavaScript.
 *
 * @param wanted only this one
 * @returns the one that is in force now
 * @throws EbbtideError RUNTIME_MISSING when the wanted one, or any, does not start
 */
export const startBackend = async (wanted?: TrainingBackend): Promise<TrainingBackend> => {
  const failures: unknown[] = [];
  for (const backend of wanted ? [wanted] : trainingBackends) {
    try {
      await loaders[backend]();
      if (await tf.setBackend(backend)) {
        await tf.ready();
        return backend;
      }
    } catch (error) {
      failures.push(error);
    }
  }
  throw new EbbtideError(
    'RUNTIME_MISSING',
    `TensorFlow.js cannot start ${wanted ?? 'any backend'}; install @tensorflow/tfjs-backend-wasm`,
    { wanted },
    failures[0],
  );
};

/** One step of an LSTM's gate arithmetic and its gradient, at the size of a training. */
const trial = (): void =>
  tf.tidy(() => {
    const x = tf.ones([48, 37]) as tf.Tensor2D;
    const weights = tf.fill([37, 128], 0.01) as tf.Tensor2D;
    const run = tf.grad((kernel: tf.Tensor) => {
      let sum = tf.scalar(0);
      for (let i = 0; i < 8; i++) sum = tf.add(sum, tf.sum(tf.tanh(tf.sigmoid(tf.matMul(x, kernel as tf.Tensor2D)))));
      return sum;
    });
    run(weights).dataSync();
  });

/** A backend that starts here, and how long a trial took on it. */
export interface MeasuredBackend {
  readonly backend: TrainingBackend;
  readonly trialMs: number;
}

/**
 * Start the backend that is fastest on this machine, by a short trial of each that is installed.
 *
 * @param clock monotonic milliseconds
 * @returns all that start, fastest first; the first one is in force
 * @throws EbbtideError RUNTIME_MISSING when none starts
 */
export const startFastestBackend = async (clock: () => number): Promise<readonly MeasuredBackend[]> => {
  const measured: MeasuredBackend[] = [];
  for (const backend of trainingBackends) {
    try {
      await startBackend(backend);
    } catch {
      continue;
    }
    // The first compiles and warms up.
    trial();
    const times = Array.from({ length: 3 }, () => {
      const began = clock();
      trial();
      return clock() - began;
    });
    measured.push({ backend, trialMs: Math.min(...times) });
  }
  measured.sort((a, b) => a.trialMs - b.trialMs);
  await startBackend(measured[0]?.backend);
  return measured;
};
