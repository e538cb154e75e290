import type { StepSignature } from '../runtimes/runtime.ts';

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

/** Tensors of one step with carried state, at a fixed batch. */
export const stepSignature = (batch: number, inputs: number, hidden: number, features: number): StepSignature => ({
  inputs: [
    { name: 'x', shape: [1, batch, inputs] },
    { name: 'h', shape: [1, batch, hidden] },
    { name: 'c', shape: [1, batch, hidden] },
  ],
  outputs: [
    { name: 'mean', shape: [1, batch, features] },
    { name: 'inverseScale', shape: [1, batch, features] },
    { name: 'nextH', shape: [1, batch, hidden] },
    { name: 'nextC', shape: [1, batch, hidden] },
  ],
});
