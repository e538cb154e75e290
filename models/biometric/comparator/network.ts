import { readLayersWeights, weightNamed } from '../../networks/layersFile.ts';
import type { Network } from '../../networks/network.ts';
import { inputsPerKey } from './inputs.ts';

/** Weights of the comparator, row-major and in Keras' order: gates input, forget, cell, output. */
export interface ComparatorWeights {
  readonly hidden: number;
  readonly dense: number;
  /** inputs × 4·hidden */
  readonly kernel: Float32Array;
  /** hidden × 4·hidden */
  readonly recurrentKernel: Float32Array;
  /** 4·hidden */
  readonly bias: Float32Array;
  /** 2·hidden × dense */
  readonly denseKernel: Float32Array;
  readonly denseBias: Float32Array;
  /** dense × 1 */
  readonly logitKernel: Float32Array;
  readonly logitBias: Float32Array;
}

/**
 * The comparator as a network: an LSTM over the keys of a phrase, its mean and its maximum over them, a dense layer, and
 * the log odds that sample and template are of two people.
 */
export const comparatorNetwork = (weights: ComparatorWeights): Network => {
  const { hidden, dense, kernel, recurrentKernel, bias, denseKernel, denseBias, logitKernel, logitBias } = weights;
  return {
    name: 'biometric-comparator',
    input: { name: 'x', size: inputsPerKey },
    layers: [
      { op: 'lstm', name: 'lstm', from: 'x', units: hidden, kernel, recurrentKernel, bias },
      { op: 'pool', name: 'mean', from: 'lstm', over: 'mean' },
      { op: 'pool', name: 'max', from: 'lstm', over: 'max' },
      { op: 'concat', name: 'pooled', from: ['mean', 'max'] },
      {
        op: 'dense',
        name: 'dense',
        from: 'pooled',
        units: dense,
        activation: 'relu',
        kernel: denseKernel,
        bias: denseBias,
      },
      {
        op: 'dense',
        name: 'logit',
        from: 'dense',
        units: 1,
        activation: 'linear',
        kernel: logitKernel,
        bias: logitBias,
      },
    ],
    outputs: ['logit'],
  };
};

/** Weights in the order in which they are trained and kept. */
export const weightArrays = (weights: ComparatorWeights): readonly Float32Array[] => [
  weights.kernel,
  weights.recurrentKernel,
  weights.bias,
  weights.denseKernel,
  weights.denseBias,
  weights.logitKernel,
  weights.logitBias,
];

/** Undo {@link weightArrays}. */
export const weightsFrom = (arrays: readonly Float32Array[]): ComparatorWeights => {
  const [kernel, recurrentKernel, bias, denseKernel, denseBias, logitKernel, logitBias] = arrays as readonly [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return {
    hidden: bias.length / 4,
    dense: denseBias.length,
    kernel,
    recurrentKernel,
    bias,
    denseKernel,
    denseBias,
    logitKernel,
    logitBias,
  };
};

/**
 * Read the comparator's weights from its Layers model.
 *
 * @throws EbbtideError MODEL_DAMAGED when they are cut short or of another network
 */
export const readComparator = (model: Uint8Array, weights: Uint8Array): ComparatorWeights => {
  const named = readLayersWeights(model, weights);
  const names = ['lstm/kernel', 'lstm/recurrent_kernel', 'lstm/bias', 'dense/kernel', 'dense/bias'];
  return weightsFrom([...names, 'logit/kernel', 'logit/bias'].map((name) => weightNamed(named, name).values));
};
