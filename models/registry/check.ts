import { EbbtideError } from '../../schemas/errors.ts';
import { type AnomalyManifest, type ModelSource, readManifest, readModelFile } from '../anomaly/manifest.ts';
import { type AnomalyModel, type LoadOptions, loadAnomalyModel, modelFiles } from '../anomaly/model.ts';

/**
 * Load a model of which nothing is known yet: its files and weights are checked, and a window is scored, so that the
 * first one that counts finds it warm.
 *
 * @param source - a version of a registry, or a folder
 * @throws EbbtideError MODEL_DAMAGED for another hash, or weights that are not numbers; MODEL_INCOMPATIBLE for other
 * features, or an ONNX operator set that the runtime does not know
 */
export const checkedAnomalyModel = async (
  source: string | ModelSource,
  options: LoadOptions = {},
): Promise<AnomalyModel> => {
  const manifest = await readManifest(source);
  const model = await loadAnomalyModel(source, options).catch((cause: unknown) => {
    throw explained(manifest, cause);
  });
  try {
    if (modelFiles.weights in manifest.files) {
      const bytes = await readModelFile(source, manifest, modelFiles.weights);
      const weights = new Float32Array(new Uint8Array(bytes).buffer.slice(0, bytes.length - (bytes.length % 4)));
      if (!weights.every(Number.isFinite)) throw notNumbers(manifest);
    }
    await model.score(new Float32Array(model.spec.size), new Float32Array(model.stateSize), Float64Array.of(0), 1);
    return model;
  } catch (error) {
    await model.close();
    throw error;
  }
};

const notNumbers = (manifest: AnomalyManifest): EbbtideError =>
  new EbbtideError(
    'MODEL_DAMAGED',
    `Model ${manifest.version} is refused: its weights are not all finite numbers, so training diverged; train it again`,
    { version: manifest.version },
  );

/** A runtime says only that it cannot read a model; mostly the operator set is newer than it. */
const explained = (manifest: AnomalyManifest, cause: unknown): unknown => {
  const why = cause instanceof EbbtideError ? (cause.cause as Error | undefined)?.message : undefined;
  if (why === undefined || !/opset|operator set|ir_version|IR version/i.test(why)) return cause;
  return new EbbtideError(
    'MODEL_INCOMPATIBLE',
    `Model ${manifest.version} is refused: the runtime does not know its ONNX operator set (manifest: ${manifest.network.opset}); export it again for one that it knows: ${why}`,
    { version: manifest.version, opset: manifest.network.opset },
    cause,
  );
};
