import { type AnomalyManifest, readModelFile } from '../anomaly/manifest.ts';
import { modelFiles } from '../anomaly/model.ts';
import type { ForecasterWeights } from '../anomaly/network.ts';

/**
 * Read the weights of a trained model from its folder, to go on from them.
 *
 * @throws {EbbtideError} `MODEL_DAMAGED`
 */
export const readWeights = async (folder: string, manifest: AnomalyManifest): Promise<ForecasterWeights> => {
  const bytes = await readModelFile(folder, manifest, modelFiles.weights);
  const features = manifest.features.size;
  const { inputs } = manifest.network;
  const { hidden } = manifest.parameters;
  let at = 0;
  // In the order in which the Layers model has them
  const take = (length: number): Float32Array => {
    const array = new Float32Array(length);
    new Uint8Array(array.buffer).set(bytes.subarray(at, at + length * 4));
    at += length * 4;
    return array;
  };
  return {
    features,
    inputs,
    hidden,
    kernel: take(inputs * 4 * hidden),
    recurrentKernel: take(hidden * 4 * hidden),
    bias: take(4 * hidden),
    headKernel: take((hidden + inputs) * 2 * features),
    headBias: take(2 * features),
  };
};
