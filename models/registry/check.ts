import type { ModelSource } from '../anomaly/manifest.ts';
import { type AnomalyModel, type LoadOptions, loadAnomalyModel } from '../anomaly/model.ts';

/**
 * Load a model of which nothing is known yet, and score a window, so that the first one that counts finds it warm.
 *
 * @param source - a version of a registry, or a folder
 * @throws EbbtideError MODEL_DAMAGED for another hash, or weights that are not numbers; MODEL_INCOMPATIBLE for other
 * features, or an ONNX operator set that is not read
 */
export const checkedAnomalyModel = async (
  source: string | ModelSource,
  options: LoadOptions = {},
): Promise<AnomalyModel> => {
  const model = await loadAnomalyModel(source, options);
  try {
    await model.score(new Float32Array(model.spec.size), new Float32Array(model.stateSize), Float64Array.of(0), 1);
    return model;
  } catch (error) {
    await model.close();
    throw error;
  }
};
