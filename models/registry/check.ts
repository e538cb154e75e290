import { loadAccessModel } from '../access/stored.ts';
import { type AnomalyModel, type LoadOptions, loadAnomalyModel } from '../anomaly/model.ts';
import { loadComparator } from '../biometric/comparator/model.ts';
import { type AnyManifest, type ModelSource, readAnyManifest, readModelFile } from '../manifest.ts';
import type { ModelKind } from './record.ts';

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

/** Kinds that are loaded to be checked. */
const loaders: Readonly<
  Partial<
    Record<ModelKind, (source: string | ModelSource) => Promise<{ manifest: AnyManifest; close(): Promise<void> }>>
  >
> = {
  anomaly: checkedAnomalyModel,
  biometric: loadComparator,
  access: async (source) => {
    const { model, manifest } = await loadAccessModel(source);
    return { manifest, close: () => model.close() };
  },
};

/**
 * Check a model as what uses it would: load it where that can be done, else hold every file to its hash.
 *
 * @returns its manifest
 * @throws EbbtideError as {@link checkedAnomalyModel}
 */
export const checkedManifest = async (kind: ModelKind, source: string | ModelSource): Promise<AnyManifest> => {
  const load = loaders[kind];
  if (!load) {
    const manifest = await readAnyManifest(source);
    for (const file of Object.keys(manifest.files)) await readModelFile(source, manifest, file);
    return manifest;
  }
  const model = await load(source);
  await model.close();
  return model.manifest;
};
