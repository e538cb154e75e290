import { type ForecasterWeights, logScaleRange } from '../anomaly/network.ts';
import { encodeModel } from './messages.ts';

/** ONNX operator set of exported models. */
export const opset = 17;

/** Keras keeps the gates as input, forget, cell, output; ONNX wants input, output, forget, cell. */
const onnxGates = [0, 3, 1, 2] as const;

/** From Keras' `rows × 4·hidden` to ONNX's `4·hidden × rows`, gates reordered. */
const transposeGates = (kernel: Float32Array, rows: number, hidden: number): Float32Array => {
  const result = new Float32Array(kernel.length);
  onnxGates.forEach((gate, to) => {
    for (let unit = 0; unit < hidden; unit++)
      for (let row = 0; row < rows; row++)
        result[(to * hidden + unit) * rows + row] = kernel[row * 4 * hidden + gate * hidden + unit]!;
  });
  return result;
};

/**
 * Export one step of the forecaster with carried state, batch free: `x, h, c` in, `mean, inverseScale, nextH, nextC` out.
 *
 * @returns the bytes of an ONNX model
 */
export const exportForecaster = (weights: ForecasterWeights): Uint8Array => {
  const { features, inputs, hidden } = weights;
  // ONNX adds an input and a recurrent bias; Keras has one.
  const bias = new Float32Array(8 * hidden);
  bias.set(transposeGates(weights.bias, 1, hidden));
  const initializer = (name: string, dims: number[], values: Float32Array | BigInt64Array) => ({ name, dims, values });
  return encodeModel({
    name: 'anomaly-forecaster-step',
    opset,
    nodes: [
      {
        opType: 'LSTM',
        inputs: ['x', 'W', 'R', 'B', '', 'h', 'c'],
        outputs: ['', 'nextH', 'nextC'],
        attributes: { hidden_size: hidden },
      },
      { opType: 'Concat', inputs: ['nextH', 'x'], outputs: ['joined'], attributes: { axis: 2 } },
      { opType: 'MatMul', inputs: ['joined', 'headKernel'], outputs: ['product'] },
      { opType: 'Add', inputs: ['product', 'headBias'], outputs: ['head'] },
      { opType: 'Split', inputs: ['head', 'halves'], outputs: ['mean', 'logScale'], attributes: { axis: 2 } },
      { opType: 'Clip', inputs: ['logScale', 'logScaleMin', 'logScaleMax'], outputs: ['clippedLogScale'] },
      { opType: 'Neg', inputs: ['clippedLogScale'], outputs: ['negativeLogScale'] },
      { opType: 'Exp', inputs: ['negativeLogScale'], outputs: ['inverseScale'] },
    ],
    initializers: [
      initializer('W', [1, 4 * hidden, inputs], transposeGates(weights.kernel, inputs, hidden)),
      initializer('R', [1, 4 * hidden, hidden], transposeGates(weights.recurrentKernel, hidden, hidden)),
      initializer('B', [1, 8 * hidden], bias),
      initializer('headKernel', [hidden + inputs, 2 * features], weights.headKernel),
      initializer('headBias', [2 * features], weights.headBias),
      initializer('halves', [2], BigInt64Array.of(BigInt(features), BigInt(features))),
      initializer('logScaleMin', [], Float32Array.of(logScaleRange.min)),
      initializer('logScaleMax', [], Float32Array.of(logScaleRange.max)),
    ],
    inputs: [
      { name: 'x', shape: [1, 'batch', inputs] },
      { name: 'h', shape: [1, 'batch', hidden] },
      { name: 'c', shape: [1, 'batch', hidden] },
    ],
    outputs: [
      { name: 'mean', shape: [1, 'batch', features] },
      { name: 'inverseScale', shape: [1, 'batch', features] },
      { name: 'nextH', shape: [1, 'batch', hidden] },
      { name: 'nextC', shape: [1, 'batch', hidden] },
    ],
  });
};
