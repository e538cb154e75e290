import * as tf from '@tensorflow/tfjs-core';
// Brings the gradients: under Node, tfjs-core registers none by itself.
import '@tensorflow/tfjs-layers';
import { EbbtideError } from '../../schemas/errors.ts';

/** Where the arithmetic of training runs. */
export type TrainingBackend = 'tensorflow' | 'wasm' | 'cpu';

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
  for (const backend of wanted ? [wanted] : (['tensorflow', 'wasm', 'cpu'] as const)) {
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
