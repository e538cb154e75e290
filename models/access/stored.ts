import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { describeFile, encodeManifest, type ModelSource, manifestFile, readModelFile } from '../manifest.ts';
import { exportNetwork, opset } from '../onnx/exporter.ts';
import { inspectModel } from '../onnx/inspect.ts';
import { runtimeInForce } from '../runtimes/choose.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { saveNetwork } from '../training/layers.ts';
import { writeModelFolder } from '../training/writeModelFolder.ts';
import { accessFeatures } from './features.ts';
import { arraysOfMember } from './fit.ts';
import { inputCount } from './inputs.ts';
import { type AccessManifest, accessFiles, readAccessManifest } from './manifest.ts';
import { type AccessCalibration, AccessModel, type AccessParts } from './model.ts';
import { hazardNetwork, readHazard } from './network.ts';
import { returnFeatureCount } from './returns.ts';

const finite = z.number();
const count = z.number().int().nonnegative();
const treesOf = (features: number) =>
  z.strictObject({
    features: z.literal(features),
    base: finite,
    trees: z.array(
      z
        .strictObject({
          feature: z.array(
            z
              .number()
              .int()
              .min(-1)
              .max(features - 1),
          ),
          threshold: z.array(finite),
          left: z.array(count),
          right: z.array(count),
          value: z.array(finite),
        })
        .refine(
          ({ feature, threshold, left, right, value }) =>
            [threshold, left, right, value].every(({ length }) => length === feature.length) &&
            // Children come after their parent, so every walk ends
            feature.every(
              (it, i) => it < 0 || (left[i]! > i && right[i]! > i && Math.max(left[i]!, right[i]!) < feature.length),
            ),
          'is no tree',
        ),
    ),
  });

const treesSchema = z.strictObject({
  hour: treesOf(accessFeatures.size),
  day: treesOf(accessFeatures.size),
  returns: treesOf(returnFeatureCount),
});
const platt = z.strictObject({ slope: z.number().positive(), offset: finite });
const scales = z.array(finite).length(accessFeatures.size);
const calibrationSchema = z.strictObject({
  scale: z.strictObject({ mean: scales, sd: z.array(z.number().positive()).length(accessFeatures.size) }),
  networkShare: z.strictObject({ hour: z.number().min(0).max(1), day: z.number().min(0).max(1) }),
  hour: platt,
  day: platt,
  returnReachHours: z.number().positive(),
}) satisfies z.ZodType<AccessCalibration>;

/** What a model's folder says beside what was learned. */
export type AccessOrigin = Pick<AccessManifest, 'version' | 'created' | 'zone' | 'lineage' | 'metrics'>;

/** Write a model's folder: network as Layers model and as ONNX step, trees, calibration, manifest. */
export const writeAccessModel = async (
  folder: string,
  parts: AccessParts,
  origin: AccessOrigin,
): Promise<AccessManifest> => {
  const network = hazardNetwork(parts.members);
  const layers = await saveNetwork(network, accessFiles.weights);
  const files = {
    [accessFiles.step]: exportNetwork(network, 'step'),
    [accessFiles.layers]: layers.model,
    [accessFiles.weights]: layers.weights,
    [accessFiles.trees]: Buffer.from(`${JSON.stringify(parts.trees)}\n`),
    [accessFiles.calibration]: Buffer.from(`${JSON.stringify(parts.calibration)}\n`),
  };
  const floats = parts.members.flatMap(arraysOfMember).reduce((sum, { length }) => sum + length, 0);
  const manifest: AccessManifest = {
    kind: 'access',
    version: origin.version,
    created: origin.created,
    features: {
      name: accessFeatures.name,
      size: accessFeatures.size,
      hash: accessFeatures.hash,
      names: accessFeatures.features.map(({ name }) => name),
    },
    network: {
      inputs: inputCount,
      members: parts.members.length,
      hidden: parts.members[0]!.hidden,
      weights: floats,
      opset,
    },
    zone: origin.zone,
    lineage: origin.lineage,
    metrics: origin.metrics,
    files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, describeFile(bytes)])),
  };
  await writeModelFolder(folder, { ...files, [manifestFile]: encodeManifest(manifest) });
  return manifest;
};

/**
 * Load a trained access model from a folder or a registry.
 *
 * @param runtime @default the runtime of this process
 * @throws EbbtideError MODEL_DAMAGED for an altered, cut or unsound file, MODEL_INCOMPATIBLE for other features
 */
export const loadAccessModel = async (
  place: string | ModelSource,
  runtime?: Runtime,
): Promise<{ readonly model: AccessModel; readonly manifest: AccessManifest }> => {
  const manifest = await readAccessManifest(place);
  if (manifest.features.hash !== accessFeatures.hash)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `Access model ${manifest.version} was trained on features ${manifest.features.hash.slice(0, 12)}, this version computes ${accessFeatures.hash.slice(0, 12)}; train it again`,
      { version: manifest.version },
    );
  if (manifest.network.inputs !== inputCount)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `The network of access model ${manifest.version} reads ${manifest.network.inputs} numbers, that of this version ${inputCount}; train it again`,
      { version: manifest.version },
    );
  const read = (file: string) => readModelFile(place, manifest, file);
  inspectModel(await read(accessFiles.step));
  const members = readHazard(await read(accessFiles.layers), await read(accessFiles.weights));
  const parse = async <T>(file: string, schema: z.ZodType<T>): Promise<T> => {
    const text = (await read(file)).toString('utf8');
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      const why = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is not JSON';
      throw new EbbtideError(
        'MODEL_DAMAGED',
        `File ${file} of access model ${manifest.version} is damaged: ${why}`,
        {
          file,
        },
        cause,
      );
    }
  };
  const parts = {
    members,
    trees: await parse(accessFiles.trees, treesSchema),
    calibration: await parse(accessFiles.calibration, calibrationSchema),
  };
  const model = await AccessModel.create(manifest.version, parts, runtime ?? (await runtimeInForce()));
  return { model, manifest };
};
