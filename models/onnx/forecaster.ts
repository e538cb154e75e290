import { type ForecasterWeights, forecasterNetwork } from '../anomaly/network.ts';
import { exportNetwork } from './exporter.ts';

export { opset } from './exporter.ts';

/**
 * Export one step of the forecaster with carried state, batch free.
 *
 * @returns the bytes of an ONNX model
 */
export const exportForecaster = (weights: ForecasterWeights): Uint8Array =>
  exportNetwork(forecasterNetwork(weights), 'step');
