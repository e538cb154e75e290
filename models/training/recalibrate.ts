import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { calibrationSchema } from '../anomaly/calibration.ts';
import { type AnomalyManifest, describeFile, encodeManifest, manifestFile } from '../anomaly/manifest.ts';
import { modelFiles } from '../anomaly/model.ts';
import { forecasterNetwork, readForecaster } from '../anomaly/network.ts';
import { type AnomalyParameters, anomalyParametersSchema, defaultAnomalyParameters } from '../anomaly/parameters.ts';
import { Scorer } from '../anomaly/scorer.ts';
import { listRecordings, loadRecording } from '../data/index.ts';
import { resourceFeatures, resourceMetrics } from '../features/resource.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import { calibrate } from './calibrate.ts';
import { anomalyRanges, assess, benignRanges, scoreEpisodes } from './evaluate.ts';
import { createRandom } from './random.ts';
import { drawSubject } from './subjects.ts';

/** Rows to a window when a model is assessed. */
const rowsPerWindow = 5;

/**
 * Keep the weights of a model and make its calibration, its parameters and its figures anew, as a version of its own.
 *
 * @param from folder of the model whose weights stay
 * @param out folder to write; replaced
 * @param change parameters that become others; whatever is learned in training must not be among them
 * @param options seed and number of subjects to calibrate on; when it was made, ISO 8601
 */
export const recalibrate = async (
  from: string,
  out: string,
  change: Partial<AnomalyParameters>,
  options: { readonly seed: number; readonly subjects: number; readonly created: string },
): Promise<AnomalyManifest> => {
  const { digest: _, ...before } = JSON.parse(readFileSync(join(from, manifestFile), 'utf8')) as AnomalyManifest & {
    digest: string;
  };
  const parameters = anomalyParametersSchema.parse({ ...defaultAnomalyParameters, ...before.parameters, ...change });
  const spec = resourceFeatures;
  const read = (file: string): Buffer => readFileSync(join(from, file));
  const parts = {
    spec,
    metricCount: resourceMetrics.length,
    parameters,
    network: forecasterNetwork(readForecaster(read(modelFiles.layers), read(modelFiles.weights))),
    runtime: onnxRuntime,
  };
  const random = createRandom(options.seed);
  const recordings = (role: 'calibrate' | 'benign' | 'anomaly') =>
    listRecordings(role).map(({ name }) => loadRecording(name));
  const held = recordings('calibrate');
  const drawing = { rowsPerWindow: [1, 5, 5, 5, 10], scaling: 1, hideMetrics: true, synthetic: 0 };
  const subjects = Array.from({ length: options.subjects }, () =>
    drawSubject(random, spec, held, [0, 1], { ...drawing, windows: [60, 700] }),
  );
  const calibration = calibrationSchema.parse(await calibrate(parts, subjects));
  const scorer = await Scorer.create({ ...parts, calibration });
  const test = [...recordings('benign'), ...recordings('anomaly')];
  const benign = await scoreEpisodes(
    scorer,
    spec,
    test.flatMap((it) => benignRanges(it, 750)),
    rowsPerWindow,
  );
  const anomalous = await scoreEpisodes(
    scorer,
    spec,
    test.flatMap((it) => anomalyRanges(it, 450, 2 * rowsPerWindow, 300)),
    rowsPerWindow,
  );
  await scorer.close();
  const files = {
    [modelFiles.step]: read(modelFiles.step),
    [modelFiles.calibration]: Buffer.from(`${JSON.stringify(calibration)}\n`),
    [modelFiles.layers]: read(modelFiles.layers),
    [modelFiles.weights]: read(modelFiles.weights),
  };
  const { trainingLoss, validationLoss } = before.metrics;
  const manifest = {
    ...before,
    version: basename(out),
    created: options.created,
    features: {
      name: spec.name,
      size: spec.size,
      metrics: resourceMetrics.length,
      hash: spec.hash,
      names: spec.features.map(({ name }) => name),
    },
    parameters,
    lineage: {
      ...before.lineage,
      recalibrated: { from: before.version, seed: options.seed, subjects: options.subjects },
    },
    metrics: {
      ...(trainingLoss === undefined ? {} : { trainingLoss }),
      ...(validationLoss === undefined ? {} : { validationLoss }),
      ...assess(benign, anomalous, before.thresholds, parameters.minHistory),
    },
    files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, describeFile(bytes)])),
  } as AnomalyManifest;
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(out, file), bytes);
  await writeFile(join(out, manifestFile), encodeManifest(manifest));
  return manifest;
};
