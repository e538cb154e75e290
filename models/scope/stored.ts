import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { describeFile, encodeManifest, type ModelSource, manifestFile, readModelFile } from '../manifest.ts';
import { exportNetwork, opset } from '../onnx/exporter.ts';
import { inspectModel } from '../onnx/inspect.ts';
import { runtimeInForce } from '../runtimes/choose.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { saveNetwork } from '../training/layers.ts';
import { writeModelFolder } from '../training/writeModelFolder.ts';
import { scopeFeatures } from './features.ts';
import { type Head, headSchema, type ScopePart, type ScopeParts } from './head.ts';
import { readScopeManifest, type ScopeManifest, scopeFiles, usualFiles } from './manifest.ts';
import { defaultScopeModel, type ScopeModel, trainedScopeModel } from './model.ts';
import { arraysOfWeights, readScopeWeights, scopeNetwork } from './network.ts';

/** What a model's folder says beside what was learned. */
export type ScopeOrigin = Pick<ScopeManifest, 'version' | 'created' | 'lineage' | 'metrics'>;

type PartFiles = typeof scopeFiles | typeof usualFiles;

const filesOf = async (names: PartFiles, { head, network }: ScopePart): Promise<Record<string, Uint8Array>> => {
  const built = scopeNetwork(network);
  const layers = await saveNetwork(built, names.weights);
  return {
    [names.step]: exportNetwork(built, 'step'),
    [names.layers]: layers.model,
    [names.weights]: layers.weights,
    [names.head]: Buffer.from(`${JSON.stringify(head)}\n`),
  };
};

/** Write a model's folder: network as Layers model and as ONNX step, all else that was learned, manifest. */
export const writeScopeModel = async (
  folder: string,
  parts: ScopeParts,
  origin: ScopeOrigin,
): Promise<ScopeManifest> => {
  const { network, usual } = parts;
  const files = {
    ...(await filesOf(scopeFiles, parts)),
    ...(usual ? await filesOf(usualFiles, usual) : {}),
  };
  const { version, created, lineage, metrics } = origin;
  const manifest: ScopeManifest = {
    kind: 'scope',
    version,
    created,
    features: {
      name: scopeFeatures.name,
      size: scopeFeatures.size,
      hash: scopeFeatures.hash,
      names: scopeFeatures.features.map(({ name }) => name),
    },
    network: {
      inputs: scopeFeatures.size,
      hidden: network.bias.length / 4,
      outputs: network.headBias.length,
      weights: arraysOfWeights(network).reduce((sum, { length }) => sum + length, 0),
      opset,
    },
    lineage,
    metrics,
    files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, describeFile(bytes)])),
  };
  await writeModelFolder(folder, { ...files, [manifestFile]: encodeManifest(manifest) });
  return manifest;
};

/**
 * Read a trained scope model's parts from a folder or a registry.
 *
 * @throws EbbtideError MODEL_DAMAGED for an altered, cut or unsound file, MODEL_INCOMPATIBLE for other features
 */
export const readScopeParts = async (
  place: string | ModelSource,
): Promise<{ readonly parts: ScopeParts; readonly manifest: ScopeManifest }> => {
  const manifest = await readScopeManifest(place);
  const { hash, name } = manifest.features;
  if (hash !== scopeFeatures.hash)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `Scope model ${manifest.version} was trained on features ${name} (${hash.slice(0, 12)}), this program makes ${scopeFeatures.name} (${scopeFeatures.hash.slice(0, 12)}); train it again`,
      { version: manifest.version, found: hash, expected: scopeFeatures.hash },
    );
  const read = (file: string) => readModelFile(place, manifest, file);
  const damaged = (why: string, cause?: unknown) =>
    new EbbtideError(
      'MODEL_DAMAGED',
      `Scope model ${manifest.version} is damaged: ${why}; train it again or name another`,
      { version: manifest.version },
      cause,
    );
  const part = async (names: PartFiles): Promise<ScopePart> => {
    inspectModel(await read(names.step));
    const network = readScopeWeights(await read(names.layers), await read(names.weights));
    let head: Head;
    try {
      head = headSchema.parse(JSON.parse((await read(names.head)).toString('utf8')));
    } catch (cause) {
      if (cause instanceof EbbtideError) throw cause;
      throw damaged(`${names.head}: ${cause instanceof z.ZodError ? z.prettifyError(cause) : 'no JSON'}`, cause);
    }
    const expected = head.supervised ? 1 : scopeFeatures.size;
    if (network.headBias.length !== expected)
      throw damaged(`its network gives ${network.headBias.length} numbers instead of ${expected}`);
    return { head, network };
  };
  const first = await part(scopeFiles);
  const usual = manifest.files[usualFiles.head] ? await part(usualFiles) : undefined;
  return { parts: usual ? { ...first, usual } : first, manifest };
};

/**
 * Load a trained scope model from a folder or a registry.
 *
 * @param runtime @default the runtime of this process
 * @throws EbbtideError as {@link readScopeParts}
 */
export const loadTrainedScope = async (
  place: string | ModelSource,
  runtime?: Runtime,
): Promise<{ readonly model: ScopeModel; readonly manifest: ScopeManifest }> => {
  const { parts, manifest } = await readScopeParts(place);
  return { model: await trainedScopeModel(manifest.version, parts, runtime ?? (await runtimeInForce())), manifest };
};

/**
 * Load the scope model that is configured.
 *
 * @param configured - `scope.model`: `default`, or the folder of a trained one
 * @throws EbbtideError as {@link readScopeParts}
 */
export const loadScopeModel = async (configured: string): Promise<ScopeModel> =>
  configured === 'default' ? defaultScopeModel : (await loadTrainedScope(configured)).model;
