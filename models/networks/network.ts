/** What follows a dense layer, on each element but for `softmax`, which goes over the last axis. */
export type Activation = 'linear' | 'relu' | 'sigmoid' | 'tanh' | 'softplus' | 'softmax';

/**
 * A recurrent layer; weights are row-major and in Keras' order. An LSTM has the gates input, forget, cell, output; a GRU
 * update, reset, candidate, and resets before the recurrent product (Keras' `resetAfter: false`).
 */
export interface RecurrentLayer {
  readonly op: 'lstm' | 'gru';
  readonly name: string;
  readonly from: string;
  readonly units: number;
  /** size of `from` × gates·units */
  readonly kernel: Float32Array;
  /** units × gates·units */
  readonly recurrentKernel: Float32Array;
  /** gates·units */
  readonly bias: Float32Array;
}

/** A dense layer on each step, or on a pooled sequence. */
export interface DenseLayer {
  readonly op: 'dense';
  readonly name: string;
  readonly from: string;
  readonly units: number;
  readonly activation: Activation;
  /** size of `from` × units, row-major */
  readonly kernel: Float32Array;
  /** units */
  readonly bias: Float32Array;
}

/** One operation of a network. */
export type NetworkLayer =
  | RecurrentLayer
  | DenseLayer
  /** Joins features, in this order. */
  | { readonly op: 'concat'; readonly name: string; readonly from: readonly string[] }
  /** From a sequence to its mean, its maximum or its last step; with carried state, over all steps so far. */
  | { readonly op: 'pool'; readonly name: string; readonly from: string; readonly over: 'mean' | 'max' | 'last' }
  /** Features `start` to `start + size`. */
  | {
      readonly op: 'slice';
      readonly name: string;
      readonly from: string;
      readonly start: number;
      readonly size: number;
    }
  | { readonly op: 'clip'; readonly name: string; readonly from: string; readonly min: number; readonly max: number }
  /** e to the power of `factor` times each element. */
  | { readonly op: 'exp'; readonly name: string; readonly from: string; readonly factor: number };

/**
 * A trained network in a form of its own, from which each runtime builds what it likes. Layers stand in the order in
 * which they are computed; names are unique, and `from` names an earlier layer or the input.
 *
 * @example
 * const network: Network = {
 *   name: 'scope', input: { name: 'calls', size: 24 },
 *   layers: [
 *     { op: 'lstm', name: 'lstm', from: 'calls', units: 32, kernel, recurrentKernel, bias },
 *     { op: 'pool', name: 'end', from: 'lstm', over: 'last' },
 *     { op: 'dense', name: 'next', from: 'end', units: 12, activation: 'sigmoid', kernel: head, bias: headBias },
 *   ],
 *   outputs: ['next'],
 * };
 */
export interface Network {
  readonly name: string;
  readonly input: { readonly name: string; readonly size: number };
  readonly layers: readonly NetworkLayer[];
  /** Layers whose values are wanted. */
  readonly outputs: readonly string[];
}

/** By how much the running maximum of a subject without steps is pushed down: below every value. */
export const poolFloor = 1e30;

/** A part of the state that one subject carries: its name, and how many floats it is. */
export interface StateTensor {
  readonly name: string;
  readonly size: number;
}

/** Gates of a recurrent layer. */
export const gatesOf = (op: 'lstm' | 'gru'): number => (op === 'lstm' ? 4 : 3);

/**
 * What a layer carries from one step to the next, zeros for a new subject: `.h` and `.c` of recurrent layers, the
 * `.sum` or `.max` of a pool and the `.count` of steps that it has seen.
 *
 * @param size features of the layer
 */
export const stateOf = (layer: NetworkLayer, size: number): StateTensor[] => {
  const state = (suffix: string, floats: number) => ({ name: `${layer.name}.${suffix}`, size: floats });
  if (layer.op === 'lstm') return [state('h', size), state('c', size)];
  if (layer.op === 'gru') return [state('h', size)];
  if (layer.op !== 'pool' || layer.over === 'last') return [];
  return [state(layer.over === 'mean' ? 'sum' : 'max', size), state('count', 1)];
};
