import { rm } from 'node:fs/promises';
import { sha256 } from '../hash.ts';
import { startBackend, type TrainingBackend } from '../training/backend.ts';
import type { TrainingProgress } from '../training/fit.ts';
import { type FitsCheckpoint, keepFits } from '../training/fits.ts';
import { scopeFeatures } from './features.ts';
import { fitDefaults } from './fit.ts';
import type { ScopeParts } from './head.ts';
import { type LabelledSequence, type LearnedScope, learnScope } from './learn.ts';
import type { ScopeManifest } from './manifest.ts';
import { weightArrayCount } from './network.ts';
import { writeScopeModel } from './stored.ts';

/** How to train a scope model. */
export interface TrainScopeOptions {
  /** Folder to write the model to; replaced as a whole when the training is done. */
  readonly out: string;
  readonly sequences: readonly LabelledSequence[];
  /** Where the sequences come from, for the model's lineage. */
  readonly lineage: Readonly<Record<string, unknown>>;
  /** @default 1 */
  readonly seed?: number;
  readonly epochs?: number;
  /** @default the first of tensorflow, wasm, cpu that starts */
  readonly backend?: TrainingBackend;
  /** @default the last part of `out` */
  readonly version?: string;
  readonly created?: string;
  readonly code?: string;
  readonly checkpoint?: FitsCheckpoint;
  /** Changes what was learned before it is written. */
  readonly settle?: (learned: LearnedScope) => Promise<ScopeParts>;
  readonly signal?: AbortSignal;
}

/** A hash of everything that is learned from. */
const hashOf = (sequences: readonly LabelledSequence[]): string =>
  sha256(
    JSON.stringify(
      sequences.map(({ subject, malicious, vectors }) => [subject, malicious, vectors.map((it) => [...it])]),
    ),
  );

/**
 * Train, calibrate and save a scope model. The same seed, sequences and backend give the same model.
 *
 * @throws EbbtideError DATA_MISSING for too few windows, RUNTIME_MISSING without TensorFlow.js, CANCELLED by the signal
 */
export const trainScope = async (
  options: TrainScopeOptions,
  onProgress: (progress: TrainingProgress) => void = () => undefined,
): Promise<{ folder: string; manifest: ScopeManifest }> => {
  const { sequences, signal, out } = options;
  const seed = options.seed ?? 1;
  const backend = await startBackend(options.backend);
  const data = hashOf(sequences);
  const asked = { seed, epochs: options.epochs ?? fitDefaults.epochs, backend };
  const fingerprint = sha256(JSON.stringify([asked, fitDefaults, scopeFeatures.hash, data]));
  const started = performance.now();
  let begun: number | undefined;
  const learned = await learnScope(sequences, {
    seed,
    epochs: asked.epochs,
    ...keepFits(options.checkpoint, weightArrayCount, fingerprint),
    ...(signal ? { signal } : {}),
    onStep(step, steps, loss, judged) {
      begun ??= step - 1;
      const etaMs = ((performance.now() - started) / Math.max(1, step - begun)) * (steps - step);
      onProgress({ step, steps, loss, etaMs, ...(judged === undefined ? {} : { validationLoss: judged }) });
    },
  });
  const parts = (await options.settle?.(learned)) ?? learned.parts;
  const manifest = await writeScopeModel(out, parts, {
    version: options.version ?? out.split(/[\\/]/).at(-1)!,
    created: options.created ?? new Date().toISOString(),
    lineage: {
      ...asked,
      ...options.lineage,
      data,
      ...(options.code === undefined ? {} : { code: options.code }),
    },
    metrics: learned.metrics,
  });
  if (options.checkpoint) await rm(options.checkpoint.file, { force: true });
  return { folder: out, manifest };
};
