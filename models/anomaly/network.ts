import { readLayersWeights, weightNamed } from '../networks/layersFile.ts';
import type { Network } from '../networks/network.ts';

/**
 * The forecaster: an LSTM beside a skip connection, and a dense head with the mean and the log scale of the next vector.
 * Weights are row-major and in Keras' order: gates input, forget, cell, output.
 */
export interface ForecasterWeights {
  readonly features: number;
  readonly inputs: number;
  readonly hidden: number;
  /** inputs × 4·hidden */
  readonly kernel: Float32Array;
  /** hidden × 4·hidden */
  readonly recurrentKernel: Float32Array;
  /** 4·hidden */
  readonly bias: Float32Array;
  /** (hidden + inputs) × 2·features */
  readonly headKernel: Float32Array;
  /** 2·features */
  readonly headBias: Float32Array;
}

/** Log scales outside this range are clipped, in training and in use. */
export const logScaleRange = { min: -2.5, max: 2 } as const;

/**
 * Size of the network's input: the normalised features, which metrics are present, and how young the baseline is.
 *
 * @param features size of the feature vector
 * @param metrics number of metrics the features are made of
 */
export const inputSize = (features: number, metrics: number): number => features + metrics + 1;

/** The forecaster as a network: `x` in, `mean` and `inverseScale` of the next vector out. */
export const forecasterNetwork = (weights: ForecasterWeights): Network => {
  const { features, inputs, hidden, kernel, recurrentKernel, bias, headKernel, headBias } = weights;
  return {
    name: 'anomaly-forecaster',
    input: { name: 'x', size: inputs },
    layers: [
      { op: 'lstm', name: 'lstm', from: 'x', units: hidden, kernel, recurrentKernel, bias },
      { op: 'concat', name: 'skip', from: ['lstm', 'x'] },
      {
        op: 'dense',
        name: 'forecast',
        from: 'skip',
        units: 2 * features,
        activation: 'linear',
        kernel: headKernel,
        bias: headBias,
      },
      { op: 'slice', name: 'mean', from: 'forecast', start: 0, size: features },
      { op: 'slice', name: 'logScale', from: 'forecast', start: features, size: features },
      { op: 'clip', name: 'clippedLogScale', from: 'logScale', ...logScaleRange },
      { op: 'exp', name: 'inverseScale', from: 'clippedLogScale', factor: -1 },
    ],
    outputs: ['mean', 'inverseScale'],
  };
};

/**
 * Read the forecaster's weights from its Layers model.
 *
 * @param model the bytes of `model.json`
 * @param weights the bytes of `weights.bin`
 * @throws EbbtideError MODEL_DAMAGED when they are cut short or of another network
 */
export const readForecaster = (model: Uint8Array, weights: Uint8Array): ForecasterWeights => {
  const named = readLayersWeights(model, weights);
  const kernel = weightNamed(named, 'lstm/kernel');
  const recurrentKernel = weightNamed(named, 'lstm/recurrent_kernel');
  const headKernel = weightNamed(named, 'forecast/kernel');
  return {
    features: (headKernel.shape[1] ?? 0) / 2,
    inputs: kernel.shape[0] ?? 0,
    hidden: recurrentKernel.shape[0] ?? 0,
    kernel: kernel.values,
    recurrentKernel: recurrentKernel.values,
    bias: weightNamed(named, 'lstm/bias').values,
    headKernel: headKernel.values,
    headBias: weightNamed(named, 'forecast/bias').values,
  };
};
