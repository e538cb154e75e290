import { readManifest, readModelFile } from '../../../models/anomaly/manifest.ts';
import { modelFiles } from '../../../models/anomaly/model.ts';
import { forecasterNetwork, readForecaster } from '../../../models/anomaly/network.ts';
import type { Network } from '../../../models/networks/network.ts';

/** The network of a model folder. */
export const loadShippedForecaster = async (folder: string): Promise<Network> => {
  const manifest = await readManifest(folder);
  const layers = await readModelFile(folder, manifest, modelFiles.layers);
  return forecasterNetwork(readForecaster(layers, await readModelFile(folder, manifest, modelFiles.weights)));
};
