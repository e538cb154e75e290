import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listRecordings, loadRecording, type Recording } from '../data/index.ts';
import { resourceFeatures, resourceMetrics } from '../features/resource.ts';
import { exportNetwork, opset } from '../onnx/exporter.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import { startBackend, type TrainingBackend } from '../training/backend.ts';
import { calibrate } from '../training/calibrate.ts';
import { anomalyRanges, assess, benignRanges, scoreEpisodes, type Thresholds } from '../training/evaluate.ts';
import { fitForecaster, type TrainingProgress } from '../training/fit.ts';
import { createForecaster } from '../training/forecaster.ts';
import { saveNetwork } from '../training/layers.ts';
import { createRandom } from '../training/random.ts';
import { createStreams } from '../training/streams.ts';
import { drawSubject, type SubjectOptions } from '../training/subjects.ts';
import { type AnomalyManifest, describeFile, encodeManifest, manifestFile } from './manifest.ts';
import { modelFiles } from './model.ts';
import { forecasterNetwork, inputSize } from './network.ts';
import { type AnomalyParameters, defaultAnomalyParameters } from './parameters.ts';
import { Scorer } from './scorer.ts';

export type { TrainingProgress } from '../training/fit.ts';

/** How to train an anomaly model. */
export interface TrainAnomalyOptions {
  /** Folder to write the model to; replaced as a whole when the training is done. */
  readonly out: string;
  /** @default the recordings that ship */
  readonly data?: readonly Recording[];
  /** @default 1 */
  readonly seed?: number;
  /** Epochs at most, {@link stepsPerEpoch} updates each. @default 14 */
  readonly epochs?: number;
  /** @default 50 */
  readonly stepsPerEpoch?: number;
  /** Sequences side by side. @default 48 */
  readonly batch?: number;
  /** Windows of truncated back-propagation. @default 32 */
  readonly steps?: number;
  /** Subjects to calibrate on. @default 1200 */
  readonly calibrationSubjects?: number;
  /** @default the last part of `out` */
  readonly version?: string;
  /** @default the fastest that starts */
  readonly backend?: TrainingBackend;
  readonly parameters?: Partial<AnomalyParameters>;
  /** When the model was made, ISO 8601; part of the manifest. @default now */
  readonly created?: string;
  readonly signal?: AbortSignal;
}

/** What a training gave. */
export interface TrainAnomalyResult {
  readonly folder: string;
  readonly manifest: AnomalyManifest;
}

const thresholds: Thresholds = { low: 0.4, moderate: 0.6, high: 0.8 };

const drawing: SubjectOptions = {
  windows: [64, 400],
  rowsPerWindow: [1, 5, 5, 5, 10],
  synthetic: 0.2,
  scaling: 1,
  hideMetrics: true,
};

const fingerprint = (recording: Recording): string => {
  const hash = createHash('sha256').update(recording.labels);
  for (const metric of resourceMetrics) hash.update(new Uint8Array(recording.metrics[metric].buffer));
  return hash.digest('hex').slice(0, 16);
};

const writeFolder = async (folder: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> => {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(partial, file), bytes);
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await rename(partial, folder);
};

/**
 * Train, calibrate and save an anomaly model: the network as Layers model and as ONNX step, its calibration, its manifest.
 * The same seed, data and backend give the same model.
 *
 * @param options what to train on and where to write
 * @param onProgress called every few steps
 * @returns the folder and its manifest
 * @throws EbbtideError DATA_MISSING without recordings, RUNTIME_MISSING without TensorFlow.js, CANCELLED by the signal
 *
 * @example
 * await trainAnomaly({ out: 'models/shipped/anomaly/2' }, ({ step, steps, loss }) => console.error(step, steps, loss));
 */
export const trainAnomaly = async (
  options: TrainAnomalyOptions,
  onProgress: (progress: TrainingProgress) => void = () => undefined,
): Promise<TrainAnomalyResult> => {
  const seed = options.seed ?? 1;
  const parameters: AnomalyParameters = { ...defaultAnomalyParameters, ...options.parameters };
  const spec = resourceFeatures;
  const metricCount = resourceMetrics.length;
  const inputs = inputSize(spec.size, metricCount);
  const recordings = options.data ?? listRecordings().map(({ name }) => loadRecording(name));
  const withRole = (...roles: string[]): Recording[] => recordings.filter(({ role }) => roles.includes(role));
  const training = withRole('train');
  const backend = await startBackend(options.backend);

  const random = createRandom(seed);
  const draw = (from: number, to: number, set: readonly Recording[], of = drawing) =>
    drawSubject(random, spec, set, [from, to], of);
  const streams = (batch: number, from: number, to: number) =>
    createStreams(spec, metricCount, parameters, batch, options.steps ?? 32, () => draw(from, to, training));
  const batch = options.batch ?? 48;
  const forecaster = createForecaster(random, spec.size, inputs, parameters.hidden);
  const fitted = await fitForecaster(
    forecaster,
    streams(batch, 0, 0.85),
    streams(batch, 0.85, 1),
    parameters.hidden,
    {
      epochs: options.epochs ?? 14,
      stepsPerEpoch: options.stepsPerEpoch ?? 50,
      learningRate: 4e-3,
      patience: 5,
      clipNorm: 1,
      batch,
      ...(options.signal ? { signal: options.signal } : {}),
    },
    onProgress,
    () => performance.now(),
  );
  forecaster.dispose();

  const network = forecasterNetwork(fitted.weights);
  const parts = { spec, metricCount, parameters, network, runtime: onnxRuntime };
  const subjects = Array.from({ length: options.calibrationSubjects ?? 1200 }, () =>
    draw(0, 1, withRole('calibrate'), { ...drawing, windows: [60, 700], synthetic: 0 }),
  );
  const calibration = await calibrate(parts, subjects);

  const scorer = await Scorer.create({ ...parts, calibration });
  const rowsPerWindow = 5;
  const judge = async (of: (recording: Recording) => ReturnType<typeof benignRanges>) =>
    scoreEpisodes(scorer, spec, withRole('benign', 'anomaly').flatMap(of), rowsPerWindow);
  const benign = await judge((recording) => benignRanges(recording, 750));
  const anomalous = await judge((recording) => anomalyRanges(recording, 450, 2 * rowsPerWindow, 300));
  await scorer.close();

  const layers = await saveNetwork(network, modelFiles.weights);
  const files = {
    [modelFiles.step]: exportNetwork(network, 'step'),
    [modelFiles.calibration]: Buffer.from(`${JSON.stringify(calibration)}\n`),
    [modelFiles.layers]: layers.model,
    [modelFiles.weights]: layers.weights,
  };
  const { weights } = fitted;
  const weightCount = [weights.kernel, weights.recurrentKernel, weights.bias, weights.headKernel, weights.headBias];
  const manifest: AnomalyManifest = {
    kind: 'anomaly',
    version: options.version ?? options.out.split(/[\\/]/).at(-1)!,
    created: options.created ?? new Date().toISOString(),
    features: {
      name: spec.name,
      size: spec.size,
      metrics: metricCount,
      hash: spec.hash,
      names: spec.features.map(({ name }) => name),
    },
    network: { inputs, weights: weightCount.reduce((sum, { length }) => sum + length, 0), opset },
    parameters,
    thresholds,
    lineage: {
      seed,
      backend,
      updates: fitted.steps,
      batch,
      steps: options.steps ?? 32,
      drawing,
      recordings: recordings.map((it) => ({ name: it.name, role: it.role, source: it.source, hash: fingerprint(it) })),
    },
    metrics: {
      trainingLoss: fitted.trainingLoss,
      validationLoss: fitted.validationLoss,
      ...assess(benign, anomalous, thresholds, parameters.minHistory),
    },
    files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, describeFile(bytes)])),
  };
  await writeFolder(options.out, { ...files, [manifestFile]: encodeManifest(manifest) });
  return { folder: options.out, manifest };
};
