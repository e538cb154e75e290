import { rm } from 'node:fs/promises';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Recording } from '../data/index.ts';
import { resourceFeatures, resourceMetrics } from '../features/resource.ts';
import { feedbackFile, withHead } from '../feedback/head.ts';
import { learnHead, type Supervision } from '../feedback/supervise.ts';
import { sha256 } from '../hash.ts';
import { exportNetwork, opset } from '../onnx/exporter.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import { startBackend, type TrainingBackend } from '../training/backend.ts';
import { calibrate } from '../training/calibrate.ts';
import { readCheckpoint, writeCheckpoint } from '../training/checkpoint.ts';
import { fitForecaster, type TrainingProgress } from '../training/fit.ts';
import { createForecaster } from '../training/forecaster.ts';
import { saveNetwork } from '../training/layers.ts';
import { createRandom } from '../training/random.ts';
import { createStreams } from '../training/streams.ts';
import { writeModelFolder } from '../training/writeModelFolder.ts';
import { type AnomalyManifest, describeFile, encodeManifest, manifestFile } from './manifest.ts';
import { modelFiles } from './model.ts';
import { type ForecasterWeights, forecasterNetwork, inputSize } from './network.ts';
import { type AnomalyParameters, defaultAnomalyParameters } from './parameters.ts';
import { Scorer } from './scorer.ts';
import { type AnomalyTrainingSet, type DrawnFor, recordingSet, thresholds } from './trainingSet.ts';

export type { TrainingProgress } from '../training/fit.ts';

/** How to train an anomaly model. */
export interface TrainAnomalyOptions {
  /** Folder to write the model to; replaced as a whole when the training is done. */
  readonly out: string;
  /** @default the recordings that ship */
  readonly data?: readonly Recording[] | AnomalyTrainingSet;
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
  /** @default the first of tensorflow, wasm, cpu that starts */
  readonly backend?: TrainingBackend;
  readonly parameters?: Partial<AnomalyParameters>;
  /** Weights to begin with, such as the champion's, instead of random ones. */
  readonly initial?: ForecasterWeights;
  /** When the model was made, ISO 8601; part of the manifest. @default now */
  readonly created?: string;
  /** What made it, for its lineage. */
  readonly code?: string;
  readonly checkpoint?: CheckpointOptions;
  /** Labelled windows, from which a correction of the score is learned; see `models/feedback/supervise.ts`. */
  readonly supervision?: Omit<Supervision, 'thresholds'>;
  /** Told when the network is done, and the rest begins. */
  readonly onPhase?: (phase: 'calibrates' | 'is judged') => void;
  readonly signal?: AbortSignal;
}

/** Where a training is kept while it runs. */
export interface CheckpointOptions {
  /** Written every {@link everySteps} and at a stop, deleted when the training is done. */
  readonly file: string;
  /** @default 25 */
  readonly everySteps?: number;
  /** Go on from the file where there is one. */
  readonly resume?: boolean;
  /** What was asked for; kept in the file, see {@link readCheckpoint}. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/** What a training gave. */
export interface TrainAnomalyResult {
  readonly folder: string;
  readonly manifest: AnomalyManifest;
}

const initialHash = (weights: ForecasterWeights | undefined): string | null =>
  weights ? sha256(Buffer.from(weights.kernel.buffer, weights.kernel.byteOffset, weights.kernel.byteLength)) : null;

/** Where the fit begins, and where it is kept. */
const openCheckpoint = (options: CheckpointOptions | undefined, fingerprint: string) => {
  if (!options) return {};
  const { file, everySteps = 25, resume, request = {} } = options;
  const from = resume ? readCheckpoint(file) : undefined;
  if (from && from.fingerprint !== fingerprint)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Checkpoint ${file} belongs to another training: data, seed, options or backend differ; train without --resume to begin anew`,
      { file },
    );
  const save = (state: Omit<Parameters<typeof writeCheckpoint>[1], 'fingerprint' | 'request'>): void =>
    writeCheckpoint(file, { ...state, fingerprint, request });
  return { keep: { everySteps, save }, ...(from ? { from } : {}) };
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
 * await trainAnomaly({ out: 'models/shipped/anomaly/3' }, ({ step, steps, loss }) => console.error(step, steps, loss));
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
  const set = options.data && 'draw' in options.data ? options.data : recordingSet(options.data);
  const backend = await startBackend(options.backend);
  const batch = options.batch ?? 48;
  const steps = options.steps ?? 32;
  const epochs = options.epochs ?? 14;
  const stepsPerEpoch = options.stepsPerEpoch ?? 50;

  const random = createRandom(seed);
  const streams = (part: DrawnFor) =>
    createStreams(spec, metricCount, parameters, batch, steps, () => set.draw(part, random));
  const forecaster = createForecaster(random, spec.size, inputs, parameters.hidden);
  const about = { seed, backend, epochs, stepsPerEpoch, batch, steps, parameters, features: spec.hash, data: set.hash };
  const resuming = openCheckpoint(options.checkpoint, sha256(JSON.stringify([about, initialHash(options.initial)])));
  const fitted = await fitForecaster(
    forecaster,
    streams('train'),
    streams('validation'),
    parameters.hidden,
    {
      epochs,
      stepsPerEpoch,
      learningRate: options.initial ? 1e-3 : 4e-3,
      patience: 5,
      clipNorm: 1,
      batch,
      ...resuming,
      ...(options.initial ? { initial: options.initial } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    },
    onProgress,
    () => performance.now(),
  );
  forecaster.dispose();

  const network = forecasterNetwork(fitted.weights);
  const parts = { spec, metricCount, parameters, network, runtime: onnxRuntime };
  options.onPhase?.('calibrates');
  const subjects = Array.from({ length: options.calibrationSubjects ?? 1200 }, () => set.draw('calibration', random));
  const calibration = await calibrate(parts, subjects);

  const scorer = await Scorer.create({ ...parts, calibration });
  const head = options.supervision ? await learnHead(scorer, spec, { ...options.supervision, thresholds }) : undefined;
  options.onPhase?.('is judged');
  const judged = await set.judge({ ...withHead(scorer, head), layout: scorer.layout }, parameters.minHistory);
  await scorer.close();

  const layers = await saveNetwork(network, modelFiles.weights);
  const files = {
    [modelFiles.step]: exportNetwork(network, 'step'),
    [modelFiles.calibration]: Buffer.from(`${JSON.stringify(calibration)}\n`),
    [modelFiles.layers]: layers.model,
    [modelFiles.weights]: layers.weights,
    ...(head ? { [feedbackFile]: Buffer.from(`${JSON.stringify(head)}\n`) } : {}),
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
      steps,
      ...(options.code === undefined ? {} : { code: options.code }),
      ...(options.initial ? { initial: initialHash(options.initial) } : {}),
      ...set.lineage,
    },
    metrics: { trainingLoss: fitted.trainingLoss, validationLoss: fitted.validationLoss, ...judged },
    files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, describeFile(bytes)])),
  };
  await writeModelFolder(options.out, { ...files, [manifestFile]: encodeManifest(manifest) });
  if (options.checkpoint) await rm(options.checkpoint.file, { force: true });
  return { folder: options.out, manifest };
};
