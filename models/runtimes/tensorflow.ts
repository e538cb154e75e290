import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { setupCommand } from '../../infra/paths.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { type FoundPackage, findPackage } from './packages.ts';
import { fullPrecision } from './precision.ts';
import type { Runtime } from './runtime.ts';
import { type RunLstm, tfjsCompilers } from './tfjs.ts';

/** The part of tfjs-node's backend by which TensorFlow's own operations are called. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<Record<string, number>> & { readonly TF_Version: string };
  executeMultipleOutputs(name: string, attributes: object[], inputs: unknown[], outputs: number): tf.Tensor[];
}

/**
 * The whole LSTM as TensorFlow's one operation `BlockLSTMV2`, gates in Keras' order; some forty times fewer calls than
 * single operations.
 */
const blockLstm = (backend: NodeBackend, found: FoundPackage): RunLstm => {
  const { Int64Scalar } = found.require(`${found.name}/dist/int64_tensors`) as {
    Int64Scalar: new (value: number) => unknown;
  };
  return (x, { kernel, recurrentKernel, bias }, h, c) => {
    const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_FLOAT } = backend.binding;
    const peephole = tf.zeros([h.shape[1]]);
    const [, cells, , , , , hidden] = backend.executeMultipleOutputs(
      'BlockLSTMV2',
      [
        { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
        { name: 'use_peephole', type: TF_ATTR_BOOL, value: false },
        { name: 'cell_clip', type: TF_ATTR_FLOAT, value: 0 },
      ],
      [
        new Int64Scalar(x.shape[0]),
        x,
        c,
        h,
        tf.concat([kernel, recurrentKernel], 0),
        peephole,
        peephole,
        peephole,
        bias,
      ],
      7,
    );
    const last = (all: tf.Tensor) => tf.gather(all, x.shape[0] - 1, 0);
    return { sequence: hidden!, state: [last(hidden!), last(cells!)] };
  };
};

/** Packages that bring TensorFlow, the one with CUDA first. */
export const tensorflowPackages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** How to get TensorFlow. */
export const tensorflowRemedy = `Run "${setupCommand('--runtime tensorflow')}", or "npm install --no-save @tensorflow/tfjs-node-gpu" for CUDA`;

/**
 * Load TensorFlow, which registers itself as a backend with the engine that all copies of tfjs-core in a process share,
 * and puts itself in force there.
 *
 * @returns the package that it came from
 * @throws EbbtideError RUNTIME_MISSING when none is installed, or none loads
 */
export const loadTensorflow = (): FoundPackage => {
  // tfjs-node calls a helper of Node's that Node 23 removed.
  const shimmed = nodeUtil as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  shimmed.isNullOrUndefined ??= (value) => value === null || value === undefined;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // By itself it takes all memory of a GPU, and what else runs there finds none.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  fullPrecision();
  const failures: unknown[] = [];
  for (const name of tensorflowPackages) {
    const found = findPackage(name, 'tensorflow');
    if (!found) continue;
    try {
      found.require(name);
      return found;
    } catch (error) {
      failures.push(error);
    }
  }
  const why = failures[0] instanceof Error ? failures[0].message.split('\n')[0] : 'no package of it is installed';
  throw new EbbtideError('RUNTIME_MISSING', `TensorFlow does not start: ${why}. ${tensorflowRemedy}`, {}, failures[0]);
};

let started: Promise<Runtime> | undefined;

const start = async (): Promise<Runtime> => {
  const before = tf.engine().backendName;
  const found = loadTensorflow();
  await tf.setBackend('tensorflow');
  const backend = tf.backend() as unknown as NodeBackend;
  if (before && before !== 'tensorflow') await tf.setBackend(before);
  return {
    name: 'tensorflow',
    provider: backend.isUsingGpuDevice ? 'cuda' : 'cpu',
    version: `${found.version} (TensorFlow ${backend.binding.TF_Version})`,
    ...tfjsCompilers({ backend: 'tensorflow', lstm: blockLstm(backend, found) }),
  };
};

/**
 * Start TensorFlow through `@tensorflow/tfjs-node-gpu`, or `@tensorflow/tfjs-node` where that is not installed.
 *
 * @throws EbbtideError RUNTIME_MISSING when neither is installed or starts
 */
export const startTensorflow = (): Promise<Runtime> => {
  started ??= start();
  return started;
};
