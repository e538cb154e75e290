import { EbbtideError } from '../../schemas/errors.ts';
import { loadAccessModel } from '../access/stored.ts';
import { type AnomalyModel, type LoadOptions, loadAnomalyModel } from '../anomaly/model.ts';
import { type LoadedComparator, loadComparator } from '../biometric/comparator/model.ts';
import { makeTemplate } from '../biometric/template.ts';
import type { AnyManifest, ModelSource } from '../manifest.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { ScopeModel } from '../scope/model.ts';
import { Profile } from '../scope/profile.ts';
import { loadTrainedScope } from '../scope/stored.ts';
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

/** The same for a scope model, which assesses a credential of which nothing is known. */
export const checkedScopeModel = async (
  source: string | ModelSource,
): Promise<{ readonly model: ScopeModel; readonly manifest: AnyManifest }> => {
  const loaded = await loadTrainedScope(source);
  try {
    await loaded.model.assess([{ profile: new Profile(), time: 0 }]);
    return loaded;
  } catch (error) {
    await loaded.model.close();
    throw error;
  }
};

/** The same for a comparator, which compares a phrase of nobody with itself. */
export const checkedComparator = async (source: string | ModelSource, runtime?: Runtime): Promise<LoadedComparator> => {
  const comparator = await loadComparator(source, runtime);
  try {
    const nobody = new Float64Array(comparator.timings);
    const [logit] = await comparator.logits(makeTemplate(nobody, nobody.length), [nobody]);
    if (Number.isFinite(logit)) return comparator;
    const { version } = comparator.manifest;
    throw new EbbtideError('MODEL_DAMAGED', `Comparator ${version} gives no numbers; train it again`, { version });
  } catch (error) {
    await comparator.close();
    throw error;
  }
};

/** How each kind is loaded to be checked. */
const loaders: Readonly<
  Record<ModelKind, (source: string | ModelSource) => Promise<{ manifest: AnyManifest; close(): Promise<void> }>>
> = {
  anomaly: checkedAnomalyModel,
  biometric: (source) => checkedComparator(source),
  scope: async (source) => {
    const { model, manifest } = await checkedScopeModel(source);
    return { manifest, close: () => model.close() };
  },
  access: async (source) => {
    const { model, manifest } = await loadAccessModel(source);
    return { manifest, close: () => model.close() };
  },
};

/**
 * Check a model as what uses it would: load it.
 *
 * @returns its manifest
 * @throws EbbtideError as {@link checkedAnomalyModel}
 */
export const checkedManifest = async (kind: ModelKind, source: string | ModelSource): Promise<AnyManifest> => {
  const model = await loaders[kind](source);
  await model.close();
  return model.manifest;
};
