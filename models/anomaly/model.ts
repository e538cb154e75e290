import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../infra/paths.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { resourceFeatures, resourceMetrics } from '../features/resource.ts';
import type { FeatureSpec } from '../features/spec.ts';
import { feedbackFile, headSchema, withHead } from '../feedback/head.ts';
import type { Network } from '../networks/network.ts';
import { inspectModel } from '../onnx/inspect.ts';
import { runtimeInForce } from '../runtimes/choose.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { AlarmRule } from './alarms.ts';
import { calibrationSchema } from './calibration.ts';
import { type AnomalyManifest, type ModelSource, readManifest, readModelFile } from './manifest.ts';
import { type ForecasterWeights, forecasterNetwork, readForecaster } from './network.ts';
import { type Cohorts, Scorer } from './scorer.ts';
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
  /** Functions whose instances were calibrated apart; {@link AnomalyModel.score} need be told of no others. */
  readonly cohorts: ReadonlySet<string>;
  /** How false alarms come about, by the calibration. */
  readonly alarms: AlarmRule;
  /**
   * Score one window each of `n` subjects. Rows do not influence one another, whatever their order or number.
   *
   * @param vectors n × `spec.size` features; NaN means missing
   * @param states n × `stateSize`, updated in place; zeros are a new subject; no subject twice in one call
   * @param times window ends, epoch milliseconds
   * @param n rows
   * @param cohorts what each subject is an instance of, for a calibration that tells functions apart
   * @returns one entry a row
   */
  score(
    vectors: Float32Array,
    states: Float32Array,
    times: Float64Array,
    n: number,
    cohorts?: Cohorts,
  ): Promise<AnomalyScores>;
  /**
   * As {@link score}, of rows that lie anywhere in larger tables, so that nothing is copied.
   *
   * @param vectorRows for each of `n` rows, which row of `vectors` it is
   * @param stateRows for each, which row of `states`; no row twice in one call. Where scoring fails, they may be half
   * updated
   */
  scoreRows(
    vectors: Float32Array,
    vectorRows: Int32Array,
    states: Float32Array,
    stateRows: Int32Array,
    times: Float64Array,
    n: number,
    cohorts?: Cohorts,
  ): Promise<AnomalyScores>;
  close(): Promise<void>;
}

/** How to load a model. */
export interface LoadOptions {
  /** @default the runtime of this process */
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

/** The weights of a model, out of its Layers model. */
export const readWeights = async (
  place: string | ModelSource,
  manifest: AnomalyManifest,
): Promise<ForecasterWeights> => {
  const layers = await readModelFile(place, manifest, modelFiles.layers);
  return readForecaster(layers, await readModelFile(place, manifest, modelFiles.weights));
};

/** The network of a model. */
export const readNetwork = async (place: string | ModelSource, manifest: AnomalyManifest): Promise<Network> =>
  forecasterNetwork(await readWeights(place, manifest));

/**
 * Load a model from its folder or from a registry; every file is checked against the manifest first.
 *
 * @param place holds `manifest.json` and what it lists
 * @throws EbbtideError MODEL_DAMAGED when a file is missing, cut short or altered; MODEL_INCOMPATIBLE when it was trained
 * on other features
 *
 * @example
 * const model = await loadAnomalyModel(shippedAnomalyModel());
 * const states = new Float32Array(model.stateSize);
 * const { score } = await model.score(vector, states, Float64Array.of(windowEnd), 1);
 */
export const loadAnomalyModel = async (
  place: string | ModelSource,
  options: LoadOptions = {},
): Promise<AnomalyModel> => {
  const manifest = await readManifest(place);
  const folder = typeof place === 'string' ? place : place.name;
  const spec = resourceFeatures;
  if (manifest.features.hash !== spec.hash)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `Model ${manifest.version} was trained on features ${manifest.features.name} (${manifest.features.hash.slice(0, 12)}), this program makes ${spec.name} (${spec.hash.slice(0, 12)}); train it again`,
      { folder, found: manifest.features.hash, expected: spec.hash },
    );
  for (const file of Object.keys(manifest.files)) await readModelFile(place, manifest, file);
  // Runtimes build what they run from the weights; the exported step beside them is for other programs, and held to them.
  inspectModel(await readModelFile(place, manifest, modelFiles.step));
  const network = await readNetwork(place, manifest);
  const calibration = parseAs(
    calibrationSchema,
    'Calibration',
    await readModelFile(place, manifest, modelFiles.calibration),
    folder,
  );
  const scorer = await Scorer.create({
    spec,
    metricCount: resourceMetrics.length,
    parameters: manifest.parameters,
    calibration,
    network,
    runtime: options.runtime ?? (await runtimeInForce()),
    windowMs: options.windowMs ?? 0,
  });
  const head = manifest.files[feedbackFile]
    ? parseAs(headSchema, 'Feedback', await readModelFile(place, manifest, feedbackFile), folder)
    : undefined;
  const { score, scoreRows } = withHead(scorer, head);
  return {
    version: manifest.version,
    spec,
    stateSize: scorer.layout.size,
    manifest,
    alarms: calibration.alarms,
    cohorts: new Set(Object.keys(calibration.cohorts)),
    score,
    scoreRows,
    close: () => scorer.close(),
  };
};

/**
 * The folder that a configuration names.
 *
 * @param configured - `lifecycle.model`: a folder, or `shipped`
 */
export const configuredAnomalyModel = (configured: string): string =>
  configured === 'shipped' ? shippedAnomalyModel() : configured;

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
