import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
// Brings the gradients: under Node, tfjs-core registers none by itself.
import '@tensorflow/tfjs-layers';
import { EbbtideError } from '../../schemas/errors.ts';
import { unrolledLstm } from '../runtimes/tfjs.ts';
import { product } from './product.ts';
import { backwardRecurrence, forwardRecurrence } from './recurrence.ts';

/** Weights of an LSTM in Keras' order: gates input, forget, cell, output. */
export interface LstmWeights {
  /** inputs × 4·hidden */
  readonly kernel: tf.Tensor2D;
  /** hidden × 4·hidden */
  readonly recurrentKernel: tf.Tensor2D;
  /** 4·hidden */
  readonly bias: tf.Tensor1D;
}

/** What an LSTM gives for a stretch. */
export interface LstmStretch {
  /** steps × batch × hidden */
  readonly outputs: tf.Tensor3D;
  /** batch × hidden: to carry into the next stretch. */
  readonly h: tf.Tensor2D;
  /** batch × hidden: to carry into the next stretch. */
  readonly c: tf.Tensor2D;
}

/** The part of tfjs-node's backend that runs a TensorFlow kernel by its name. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_ATTR_BOOL: number; readonly TF_ATTR_FLOAT: number } & {
    readonly TF_FLOAT: number;
  };
  executeMultipleOutputs(name: string, attributes: unknown[], inputs: unknown[], outputs: number): tf.Tensor[];
}

type Int64 = new (value: number) => unknown;

let int64: Int64 | undefined;

/** tfjs-node recognises its own class of 64-bit scalars and does not export it; wherever the package lies, it is loaded. */
const int64Class = (): Int64 => {
  if (int64) return int64;
  const { cache } = createRequire(import.meta.url);
  const path = Object.keys(cache).find((it) => /tfjs-node(-gpu)?[\\/]dist[\\/]int64_tensors\.js$/.test(it));
  if (!path)
    throw new EbbtideError(
      'RUNTIME_MISSING',
      'Native TensorFlow runs, but its package @tensorflow/tfjs-node is not loaded',
    );
  int64 = (cache[path]!.exports as { Int64Scalar: Int64 }).Int64Scalar;
  return int64;
};

type Inputs = [tf.Tensor3D, tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor2D, tf.Tensor2D];

/** What the forward pass gives, what the backward pass needs of it, and the backward pass. */
interface Stretch {
  readonly value: tf.Tensor;
  readonly saved: tf.Tensor[];
  gradient(upstream: tf.Tensor3D, saved: tf.Tensor[]): tf.Tensor[];
}

/** One kernel of TensorFlow's for all steps, and one for its gradient. */
const nativeStretch = (...[x, kernel, recurrentKernel, bias, h0, c0]: Inputs): Stretch => {
  const backend = tf.backend() as unknown as NativeBackend;
  const { binding } = backend;
  const Scalar64 = int64Class();
  const [steps, , inputs] = x.shape;
  const hidden = recurrentKernel.shape[0];
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'use_peephole', type: binding.TF_ATTR_BOOL, value: false },
  ];
  const length = new Scalar64(steps);
  const weights = tf.concat([kernel, recurrentKernel], 0);
  const peephole = tf.zeros([hidden]);
  const peepholes = [peephole, peephole, peephole];
  const clip = { name: 'cell_clip', type: binding.TF_ATTR_FLOAT, value: 0 };
  const given = [length, x, c0, h0, weights, ...peepholes, bias];
  const kept = backend.executeMultipleOutputs('BlockLSTMV2', [...attributes, clip], given, 7);
  const [, cells, , , , , outputs] = kept as [tf.Tensor3D, tf.Tensor3D, ...tf.Tensor3D[]] & { 6: tf.Tensor3D };
  const last = tf.slice(cells, [steps - 1, 0, 0], [1, -1, -1]);
  return {
    value: tf.concat([outputs!, last], 0),
    saved: [x, c0, h0, weights, peephole, bias, ...kept],
    gradient: (upstream, [x, c0, h0, weights, peephole, bias, ...kept]) => {
      const byOutput = tf.slice(upstream, [0, 0, 0], [steps, -1, -1]);
      const byCell = tf.pad(tf.slice(upstream, [steps, 0, 0], [1, -1, -1]), [
        [steps - 1, 0],
        [0, 0],
        [0, 0],
      ]);
      const fixed = [length, x, c0, h0, weights, peephole, peephole, peephole, bias];
      const given = [...fixed, ...kept, byCell, byOutput];
      const gradients = backend.executeMultipleOutputs('BlockLSTMGradV2', attributes, given, 8);
      const [dx, dc, dh, dWeights, , , , dBias] = gradients as tf.Tensor[];
      const [dKernel, dRecurrent] = tf.split(dWeights!, [inputs, hidden], 0);
      return [dx!, dKernel!, dRecurrent!, dBias!, dh!, dc!];
    },
  };
};

/** Matrix products through the backend, the recurrence in typed arrays. */
const portableStretch = (...[x, kernel, recurrentKernel, bias, h0, c0]: Inputs): Stretch => {
  const [steps, batch, inputs] = x.shape;
  const hidden = recurrentKernel.shape[0];
  const flat = (of: tf.Tensor3D) => tf.reshape(of, [steps * batch, inputs]) as tf.Tensor2D;
  const recurrent = recurrentKernel.dataSync() as Float32Array;
  // Not in a tidy, which would search the array for tensors, number by number.
  const projected = tf.add(tf.matMul(flat(x), kernel), bias).dataSync() as Float32Array;
  const memory = forwardRecurrence(
    { steps, batch, hidden },
    projected,
    recurrent,
    h0.dataSync() as Float32Array,
    c0.dataSync() as Float32Array,
  );
  const value = new Float32Array((steps + 1) * batch * hidden);
  value.set(memory.outputs.subarray(batch * hidden));
  value.set(memory.cells.subarray(steps * batch * hidden), steps * batch * hidden);
  return {
    value: tf.tensor3d(value, [steps + 1, batch, hidden]),
    saved: [x, kernel],
    gradient: (upstream, saved) => {
      const [x, kernel] = saved as [tf.Tensor3D, tf.Tensor2D];
      const { gates, h, c } = backwardRecurrence(
        { steps, batch, hidden },
        memory,
        recurrent,
        upstream.dataSync() as Float32Array,
      );
      const dGates = tf.tensor2d(gates, [steps * batch, 4 * hidden]);
      const before = tf.tensor2d(memory.outputs.subarray(0, steps * batch * hidden), [steps * batch, hidden]);
      return [
        tf.reshape(product(dGates, kernel, false, true), [steps, batch, inputs]),
        product(flat(x), dGates, true, false),
        product(before, dGates, true, false),
        tf.sum(dGates, 0),
        tf.tensor2d(h, [batch, hidden]),
        tf.tensor2d(c, [batch, hidden]),
      ];
    },
  };
};

/**
 * A whole LSTM over a stretch of steps as one operation with a gradient, where `tf.layers.lstm` issues some 3,000: on
 * native TensorFlow its block kernels, on WebGPU single operations, elsewhere our own loops. Equal to `tf.layers.lstm` with sigmoid recurrent
 * activation.
 *
 * @param x steps × batch × inputs: time comes first
 * @param h batch × hidden, as the stretch before left it, or zeros
 * @param c batch × hidden, as the stretch before left it, or zeros
 * @returns outputs of every step, and the state after the last
 *
 * @example
 * const { outputs, h, c } = lstm(x, weights, tf.zeros([48, 32]), tf.zeros([48, 32]));
 */
export const lstm = (x: tf.Tensor3D, weights: LstmWeights, h: tf.Tensor2D, c: tf.Tensor2D): LstmStretch => {
  // From there nothing can be read without waiting.
  if (tf.getBackend() === 'webgpu') {
    const { sequence, state } = unrolledLstm(x, weights, h, c);
    const [last, cell] = state as readonly tf.Tensor2D[];
    return { outputs: sequence as tf.Tensor3D, h: last!, c: cell! };
  }
  const [steps, batch] = x.shape;
  const hidden = weights.recurrentKernel.shape[0];
  const stretch = tf.getBackend() === 'tensorflow' ? nativeStretch : portableStretch;
  const operation = tf.customGrad((...given) => {
    const save = given.at(-1) as unknown as tf.GradSaveFunc;
    const { value, saved, gradient } = stretch(...(given.slice(0, 6) as unknown as Inputs));
    // What is not saved is disposed of before the backward pass.
    save(saved);
    return { value, gradFunc: (upstream, kept) => gradient(upstream as tf.Tensor3D, kept) };
  });
  const all = operation(x, weights.kernel, weights.recurrentKernel, weights.bias, h, c) as tf.Tensor3D;
  const at = (step: number) => tf.reshape(tf.slice(all, [step, 0, 0], [1, -1, -1]), [batch, hidden]) as tf.Tensor2D;
  return { outputs: tf.slice(all, [0, 0, 0], [steps, -1, -1]), h: at(steps - 1), c: at(steps) };
};
