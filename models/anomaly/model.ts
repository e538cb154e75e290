import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../infra/paths.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { resourceFeatures, resourceMetrics } from '../features/resource.ts';
import type { FeatureSpec } from '../features/spec.ts';
import { feedbackFile, headSchema, withHead } from '../feedback/head.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { calibrationSchema } from './calibration.ts';
import { type AnomalyManifest, readManifest, readModelFile } from './manifest.ts';
import { Scorer } from './scorer.ts';
import type { AnomalyScores } from './scores.ts';

export type { AnomalyScores } from './scores.ts';

/** Names of the files in a model folder, beside its manifest. */
export const modelFiles = {
  step: 'step.onnx',
  calibration: 'calibration.json',
  layers: 'model.json',
  weights: 'weights.bin',
} as const;

/** A trained model, ready to score windows. */
export interface AnomalyModel {
  readonly version: string;
  readonly spec: FeatureSpec;
  /** Floats of carried state per subject. */
  readonly stateSize: number;
  readonly manifest: AnomalyManifest;
  /**
   * Score one window each of `n` subjects. Rows do not influence one another, whatever their order or number.
   *
   * @param vectors n × `spec.size` features; NaN means missing
   * @param states n × `stateSize`, updated in place; zeros are a new subject; no subject twice in one call
   * @param times window ends, epoch milliseconds
   * @param n rows
   * @returns one entry a row
   */
  score(vectors: Float32Array, states: Float32Array, times: Float64Array, n: number): Promise<AnomalyScores>;
  close(): Promise<void>;
}

/** How to load a model. */
export interface LoadOptions {
  /** @default ONNX Runtime on the CPU */
  readonly runtime?: Runtime;
  /**
   * Length of a window, ms, against which silence is measured.
   * @default 0: the shortest distance between two windows of the subject
   */
  readonly windowMs?: number;
}

const parseAs = <T extends z.ZodType>(schema: T, what: string, bytes: Buffer, folder: string): z.output<T> => {
  const result = schema.safeParse(JSON.parse(bytes.toString('utf8')));
  if (result.success) return result.data;
  throw new EbbtideError('MODEL_DAMAGED', `${what} in ${folder} is of another form: ${z.prettifyError(result.error)}`, {
    folder,
  });
};

/**
 * Load a model from its folder; every file is checked against the manifest first.
 *
 * @param folder holds `manifest.json` and what it lists
 * @throws EbbtideError MODEL_DAMAGED when a file is missing, cut short or altered; MODEL_INCOMPATIBLE when it was trained
 * on other features
 *
 * @example
 * const model = await loadAnomalyModel(shippedAnomalyModel());
 * const states = new Float32Array(model.stateSize);
 * const { score } = await model.score(vector, states, Float64Array.of(windowEnd), 1);
 */
export const loadAnomalyModel = async (folder: string, options: LoadOptions = {}): Promise<AnomalyModel> => {
  const manifest = await readManifest(folder);
  const spec = resourceFeatures;
  if (manifest.features.hash !== spec.hash)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `Model ${manifest.version} was trained on features ${manifest.features.name} (${manifest.features.hash.slice(0, 12)}), this program makes ${spec.name} (${spec.hash.slice(0, 12)}); train it again`,
      { folder, found: manifest.features.hash, expected: spec.hash },
    );
  for (const file of Object.keys(manifest.files)) await readModelFile(folder, manifest, file);
  const scorer = await Scorer.create({
    spec,
    metricCount: resourceMetrics.length,
    parameters: manifest.parameters,
    calibration: parseAs(
      calibrationSchema,
      'Calibration',
      await readModelFile(folder, manifest, modelFiles.calibration),
      folder,
    ),
    network: await readModelFile(folder, manifest, modelFiles.step),
    runtime: options.runtime ?? onnxRuntime,
    windowMs: options.windowMs ?? 0,
  });
  const head = manifest.files[feedbackFile]
    ? parseAs(headSchema, 'Feedback', await readModelFile(folder, manifest, feedbackFile), folder)
    : undefined;
  const { score } = withHead(scorer, head);
  return {
    version: manifest.version,
    spec,
    stateSize: scorer.layout.size,
    manifest,
    score,
    close: () => scorer.close(),
  };
};

/**
 * The folder of the model that ships with the project: the newest version there.
 *
 * @throws EbbtideError MODEL_DAMAGED when none ships
 */
export const shippedAnomalyModel = (): string => {
  const folder = join(packageRoot(), 'models/shipped/anomaly');
  const versions = readdirSync(folder).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = versions.at(-1);
  if (!newest)
    throw new EbbtideError('MODEL_DAMAGED', `No model ships in ${folder}; run ebbtide train anomaly`, { folder });
  return join(folder, newest);
};
