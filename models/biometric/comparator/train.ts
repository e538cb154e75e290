import { rm } from 'node:fs/promises';
import { EbbtideError } from '../../../schemas/errors.ts';
import { sha256 } from '../../hash.ts';
import { describeFile, encodeManifest, manifestFile } from '../../manifest.ts';
import { exportNetwork, opset } from '../../onnx/exporter.ts';
import { onnxRuntime } from '../../runtimes/onnx.ts';
import { startBackend, type TrainingBackend } from '../../training/backend.ts';
import { readCheckpoint, writeCheckpoint } from '../../training/checkpoint.ts';
import type { TrainingProgress } from '../../training/fit.ts';
import { saveNetwork } from '../../training/layers.ts';
import { createRandom } from '../../training/random.ts';
import { writeModelFolder } from '../../training/writeModelFolder.ts';
import { keysOf, keystrokeFeatures, timingNames } from '../keystrokes.ts';
import type { Typing } from '../typing.ts';
import { fitComparator, fitDefaults } from './fit.ts';
import { inputsPerKey } from './inputs.ts';
import { judgeComparator } from './judge.ts';
import { type ComparatorManifest, comparatorFiles } from './manifest.ts';
import { createComparator } from './model.ts';
import { comparatorNetwork, weightArrays } from './network.ts';
import { fewestRepetitions, pairSource } from './pairs.ts';

/** How to train a comparator. */
export interface TrainComparatorOptions {
  /** Folder to write the model to; replaced as a whole when the training is done. */
  readonly out: string;
  readonly typing: Typing;
  /** Where the typing is from, for the lineage. */
  readonly lineage: Readonly<Record<string, unknown>>;
  /** @default 1 */
  readonly seed?: number;
  /** Epochs at most, of 50 updates. @default 20 */
  readonly epochs?: number;
  /** @default 50 */
  readonly stepsPerEpoch?: number;
  /** @default 256 */
  readonly batch?: number;
  readonly backend?: TrainingBackend;
  /** @default the last part of `out` */
  readonly version?: string;
  /** ISO 8601. @default now */
  readonly created?: string;
  readonly code?: string;
  readonly checkpoint?: {
    readonly file: string;
    readonly resume: boolean;
    readonly request: Readonly<Record<string, unknown>>;
  };
  readonly signal?: AbortSignal;
  readonly onPhase?: (phase: 'is judged') => void;
}

/** People to learn from at least, and one in so many of them is held back. */
const fewestPeople = 8;
const heldBackEvery = 6;

/** People to learn from and people held back, drawn by the seed: nobody is in both. */
export const splitPeople = ({ timings, typists }: Typing, seed: number): { train: Typing; held: Typing } => {
  const usable = typists.filter(({ repetitions }) => repetitions >= fewestRepetitions);
  if (usable.length < fewestPeople)
    throw new EbbtideError(
      'DATA_MISSING',
      `A comparator needs at least ${fewestPeople} people with ${fewestRepetitions} repetitions of the phrase each, got ${usable.length} of ${typists.length}; the statistical verifier needs none`,
      { people: typists.length, usable: usable.length },
    );
  const random = createRandom(seed ^ 0x9e0b1e);
  const order = usable.map((typist) => ({ typist, at: random.next() })).sort((a, b) => a.at - b.at);
  const people = order.map(({ typist }) => typist);
  const held = Math.max(2, Math.floor(people.length / heldBackEvery));
  return { train: { timings, typists: people.slice(held) }, held: { timings, typists: people.slice(0, held) } };
};

const hashOf = ({ timings, typists }: Typing): string =>
  sha256(JSON.stringify([timings, typists.map(({ name, seconds }) => [name, sha256(Buffer.from(seconds.buffer))])]));

/**
 * Train a comparator on people, stop by others, judge it by those, and save it. The same seed, data and backend give the
 * same model.
 *
 * @throws EbbtideError DATA_MISSING for too few people, CANCELLED by the signal, RUNTIME_MISSING without TensorFlow.js
 */
export const trainComparator = async (
  options: TrainComparatorOptions,
  onProgress: (progress: TrainingProgress) => void = () => undefined,
): Promise<{ folder: string; manifest: ComparatorManifest }> => {
  const { typing, out, signal, checkpoint } = options;
  const seed = options.seed ?? 1;
  const { timings } = typing;
  const { train, held } = splitPeople(typing, seed);
  const backend = await startBackend(options.backend);
  const fit = {
    ...fitDefaults,
    seed,
    ...(options.epochs === undefined ? {} : { epochs: options.epochs }),
    ...(options.stepsPerEpoch === undefined ? {} : { stepsPerEpoch: options.stepsPerEpoch }),
    ...(options.batch === undefined ? {} : { batch: options.batch }),
  };
  const data = hashOf(typing);
  const fingerprint = sha256(JSON.stringify([fit, backend, data, keystrokeFeatures.hash]));
  const from = checkpoint?.resume ? readCheckpoint(checkpoint.file) : undefined;
  if (checkpoint && from && from.fingerprint !== fingerprint)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Checkpoint ${checkpoint.file} belongs to another training: data, seed, options or backend differ; train without --resume to begin anew`,
      { file: checkpoint.file },
    );
  const source = pairSource(train);
  const { population } = source;
  const fitted = await fitComparator(
    source,
    pairSource(held, population),
    {
      ...fit,
      ...(from ? { from } : {}),
      ...(signal ? { signal } : {}),
      ...(checkpoint
        ? { keep: (state) => writeCheckpoint(checkpoint.file, { ...state, fingerprint, request: checkpoint.request }) }
        : {}),
    },
    onProgress,
    () => performance.now(),
  );

  options.onPhase?.('is judged');
  const comparator = await createComparator(fitted.weights, population, onnxRuntime, 64);
  const judged = await judgeComparator(comparator, held);
  await comparator.close();

  const network = comparatorNetwork(fitted.weights);
  const layers = await saveNetwork(network, comparatorFiles.weights);
  const files = {
    [comparatorFiles.sequence]: exportNetwork(network, 'sequence'),
    [comparatorFiles.population]: Buffer.from(
      `${JSON.stringify({ median: [...population.median], spread: [...population.spread] })}\n`,
    ),
    [comparatorFiles.layers]: layers.model,
    [comparatorFiles.weights]: layers.weights,
  };
  const manifest: ComparatorManifest = {
    kind: 'biometric',
    version: options.version ?? out.split(/[\\/]/).at(-1)!,
    created: options.created ?? new Date().toISOString(),
    features: {
      name: keystrokeFeatures.name,
      size: timings,
      hash: keystrokeFeatures.hash,
      names: [...timingNames(keysOf(timings))],
    },
    network: {
      inputs: inputsPerKey,
      steps: keysOf(timings),
      weights: weightArrays(fitted.weights).reduce((sum, { length }) => sum + length, 0),
      opset,
    },
    lineage: {
      seed,
      backend,
      updates: fitted.steps,
      batch: fit.batch,
      ...(options.code === undefined ? {} : { code: options.code }),
      data,
      people: train.typists.length,
      peopleHeldBack: held.typists.length,
      ...options.lineage,
    },
    metrics: { trainingLoss: fitted.trainingLoss, validationLoss: fitted.validationLoss, ...judged },
    files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, describeFile(bytes)])),
  };
  await writeModelFolder(out, { ...files, [manifestFile]: encodeManifest(manifest) });
  if (checkpoint) await rm(checkpoint.file, { force: true });
  return { folder: out, manifest };
};
