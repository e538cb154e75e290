import { readLayersWeights, weightNamed } from '../networks/layersFile.ts';
import type { Network } from '../networks/network.ts';
import { scopeFeatures } from './features.ts';

/** Weights of the network: an LSTM with a linear layer on each step. */
export interface SequenceWeights {
  /** inputs × 4·hidden; gates input, forget, cell, output. */
  readonly kernel: Float32Array;
  /** hidden × 4·hidden */
  readonly recurrentKernel: Float32Array;
  /** 4·hidden */
  readonly bias: Float32Array;
  /** hidden × outputs */
  readonly headKernel: Float32Array;
  /** outputs: one, the log-odds of misuse, or one a feature, its expected rank in the next window. */
  readonly headBias: Float32Array;
}

/** Arrays of weights of a network. */
export const weightArrayCount = 5;

/** Weights in the order in which they are trained and kept. */
export const arraysOfWeights = (weights: SequenceWeights): Float32Array[] => [
  weights.kernel,
  weights.recurrentKernel,
  weights.bias,
  weights.headKernel,
  weights.headBias,
];

/** The reverse of {@link arraysOfWeights}. */
export const weightsOfArrays = (arrays: readonly Float32Array[]): SequenceWeights => {
  const [kernel, recurrentKernel, bias, headKernel, headBias] = arrays;
  return {
    kernel: kernel!,
    recurrentKernel: recurrentKernel!,
    bias: bias!,
    headKernel: headKernel!,
    headBias: headBias!,
  };
};

/** The network for the runtimes: ranks of a window's features in, `judged` out. */
export const scopeNetwork = (weights: SequenceWeights): Network => ({
  name: 'scope',
  input: { name: 'ranks', size: scopeFeatures.size },
  layers: [
    {
      op: 'lstm',
      name: 'lstm',
      from: 'ranks',
      units: weights.bias.length / 4,
      kernel: weights.kernel,
      recurrentKernel: weights.recurrentKernel,
      bias: weights.bias,
    },
    {
      op: 'dense',
      name: 'judged',
      from: 'lstm',
      units: weights.headBias.length,
      activation: 'linear',
      kernel: weights.headKernel,
      bias: weights.headBias,
    },
  ],
  outputs: ['judged'],
});

/**
 * Read the weights from a Layers model.
 *
 * @throws EbbtideError MODEL_DAMAGED when it is cut short or of another network
 */
export const readScopeWeights = (model: Uint8Array, weights: Uint8Array): SequenceWeights => {
  const named = readLayersWeights(model, weights);
  const take = (name: string): Float32Array => weightNamed(named, name).values;
  return {
    kernel: take('lstm/kernel'),
    recurrentKernel: take('lstm/recurrent_kernel'),
    bias: take('lstm/bias'),
    headKernel: take('judged/kernel'),
    headBias: take('judged/bias'),
  };
};
