import { rm } from 'node:fs/promises';
import { sha256 } from '../hash.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import { startBackend, type TrainingBackend } from '../training/backend.ts';
import type { TrainingProgress } from '../training/fit.ts';
import { type FitsCheckpoint, keepFits } from '../training/fits.ts';
import type { TimeRange } from '../training/telemetry/source.ts';
import { calendarOf, hourMs } from './calendar.ts';
import { choosePairs } from './choosePairs.ts';
import { accessFeatures } from './features.ts';
import { fitDefaults } from './fit.ts';
import { gatherGrid } from './grid.ts';
import { inputCount } from './inputs.ts';
import { judgePredictors } from './judge.ts';
import { learnAccess } from './learn.ts';
import type { AccessManifest } from './manifest.ts';
import { AccessModel } from './model.ts';
import { hoursOf, type PairEvent, Population } from './population.ts';
import type { AccessSource } from './source.ts';
import { writeAccessModel } from './stored.ts';

/** How to train an access model. */
export interface TrainAccessOptions {
  /** Folder to write the model to; replaced as a whole when the training is done. */
  readonly out: string;
  readonly source: AccessSource;
  readonly range: TimeRange;
  /** IANA name of the zone whose calendar people live by. */
  readonly zone: string;
  /** @default 1 */
  readonly seed?: number;
  readonly epochs?: number;
  /** Networks whose logits are averaged. @default 3 */
  readonly members?: number;
  /** Pairs held in memory at most, chosen by chance. @default 200 */
  readonly maxPairs?: number;
  /** @default the first of tensorflow, wasm, cpu that starts */
  readonly backend?: TrainingBackend;
  /** @default the last part of `out` */
  readonly version?: string;
  readonly created?: string;
  readonly code?: string;
  readonly checkpoint?: FitsCheckpoint;
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Share of the hours, the last ones, that a model is judged by and never learns from. */
const judgedShare = 0.15;
/** Arrays of weights of a member. */
const variables = 7;

/** A hash of everything that is learned from. */
const hashOf = (events: readonly PairEvent[]): string => sha256(JSON.stringify(events));

/**
 * Train, calibrate, judge and save an access model. The same seed, data and backend give the same model.
 *
 * The last 15 % of the hours only judge it; of the rest the last fifth stops and calibrates it before all of it is
 * learned.
 *
 * @throws EbbtideError DATA_MISSING for too few accesses, RUNTIME_MISSING without TensorFlow.js, CANCELLED by the signal
 */
export const trainAccess = async (
  options: TrainAccessOptions,
  onProgress: (progress: TrainingProgress) => void = () => undefined,
): Promise<{ folder: string; manifest: AccessManifest }> => {
  const { source, range, signal, say = () => undefined } = options;
  const seed = options.seed ?? 1;
  const members = options.members ?? 3;
  const calendar = calendarOf(options.zone);
  const backend = await startBackend(options.backend);
  const chosen = await choosePairs(source, range, {
    seed,
    most: options.maxPairs ?? 200,
    ...(signal ? { signal } : {}),
  });
  const events: PairEvent[] = [];
  await source.events(range, new Set(chosen.pairs), (event) => events.push(event), signal);
  // Ends lie after the range now and then; equal times keep the order in which they were read
  events.sort((a, b) => a.event.timeMs - b.event.timeMs);
  const [fromHour] = hoursOf(events);
  const hours = chosen.toHour - fromHour;
  const learnedHours = Math.floor(hours * (1 - judgedShare));
  const judgedFrom = fromHour + learnedHours;
  say(
    `Accesses: ${chosen.pairs.length} of ${chosen.known} pairs, ${hours} hours, the last ${hours - learnedHours} to judge by`,
  );
  const hash = hashOf(events);
  const asked = { seed, members, epochs: options.epochs ?? fitDefaults.epochs, backend, zone: options.zone };
  const fingerprint = sha256(JSON.stringify([asked, fitDefaults, inputCount, accessFeatures.hash, hash]));
  const before = events.filter(({ event }) => event.timeMs < judgedFrom * hourMs);
  const grid = await gatherGrid(new Population(calendar, fromHour), before, judgedFrom, chosen.pairs);

  const started = performance.now();
  let begun: number | undefined;
  const { parts, metrics } = await learnAccess(
    grid,
    {
      seed,
      members,
      epochs: asked.epochs,
      ...keepFits(options.checkpoint, variables, fingerprint),
      ...(signal ? { signal } : {}),
    },
    (step, steps, loss, judged) => {
      begun ??= step - 1;
      const etaMs = ((performance.now() - started) / Math.max(1, step - begun)) * (steps - step);
      onProgress({ step, steps, loss, etaMs, ...(judged === undefined ? {} : { validationLoss: judged }) });
    },
  );
  say('Is judged by hours that it has not seen');
  const version = options.version ?? options.out.split(/[\\/]/).at(-1)!;
  const model = await AccessModel.create(version, parts, onnxRuntime);
  const judged = await judgePredictors(
    model,
    events,
    chosen.pairs,
    calendar,
    { fromHour, testHour: judgedFrom, toHour: chosen.toHour },
    signal,
  );
  await model.close();
  const manifest = await writeAccessModel(options.out, parts, {
    version,
    created: options.created ?? new Date().toISOString(),
    zone: options.zone,
    lineage: {
      ...asked,
      source: source.lineage,
      range,
      events: events.length,
      data: hash,
      learnedHours,
      judgedHours: hours - learnedHours,
      ...(options.code === undefined ? {} : { code: options.code }),
    },
    metrics: { ...metrics, ...judged },
  });
  if (options.checkpoint) await rm(options.checkpoint.file, { force: true });
  return { folder: options.out, manifest };
};
