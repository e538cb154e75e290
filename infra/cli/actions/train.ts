import { existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, relative } from 'node:path';
import { z } from 'zod';
import { openModelRegistry } from '../../../models/registry/open.ts';
import { versionAt } from '../../../models/registry/versionAt.ts';
import { startBackend, startFastestBackend, type TrainingBackend } from '../../../models/training/backend.ts';
import { type Checkpoint, readCheckpoint } from '../../../models/training/checkpoint.ts';
import type { TimeRange } from '../../../models/training/telemetry/source.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { openArchive } from '../../clickhouse/client.ts';
import { dataFolder } from '../../paths.ts';
import { version } from '../../version.ts';
import type { TrainableModel, TrainingOrigin } from '../commands/train.ts';
import { addressOf } from '../connect.ts';
import type { Action, Invocation } from '../invocation.ts';
import { createProgress } from '../progress.ts';
import { duration } from '../terminal.ts';
import { type TrainingRequest, trainers } from '../trainers.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';

interface Options {
  readonly from: TrainingOrigin;
  readonly since?: InstantOrAgo;
  readonly until?: InstantOrAgo;
  readonly window?: number;
  readonly subjects?: number;
  readonly out?: string;
  readonly epochs?: number;
  readonly seed?: number;
  readonly backend?: TrainingBackend;
  readonly resume?: boolean;
  readonly zone?: string;
}

/** What a training was asked for, as its checkpoint keeps it: times are fixed, so that resuming reads the same. */
const askedSchema = z.strictObject({
  out: z.string(),
  from: z.union([
    z.strictObject({ kind: z.enum(['shipped', 'archive']) }),
    z.strictObject({ kind: z.literal('file'), path: z.string() }),
  ]),
  range: z.strictObject({ fromMs: z.number(), toMs: z.number() }),
  windowMs: z.number(),
  subjects: z.number().optional(),
  seed: z.number(),
  epochs: z.number().optional(),
  backend: z.enum(['tensorflow', 'wasm', 'cpu']),
  zone: z.string().optional(),
});
type Asked = z.infer<typeof askedSchema>;

const everything: TimeRange = { fromMs: -8.64e15, toMs: 8.64e15 };
const defaultSinceMs = 30 * 86_400_000;

const rangeOf = ({ from, since, until }: Options, now: number): TimeRange => {
  const whole = from.kind === 'archive' ? { fromMs: now - defaultSinceMs, toMs: now } : everything;
  const range = {
    fromMs: since ? instantOf(since, now) : whole.fromMs,
    toMs: until ? instantOf(until, now) : whole.toMs,
  };
  if (range.fromMs < range.toMs) return range;
  throw new EbbtideError(
    'REQUEST_INVALID',
    `Telemetry is asked for from ${new Date(range.fromMs).toISOString()} to ${new Date(range.toMs).toISOString()}, which is no range; --since must lie before --until`,
  );
};

const chooseBackend = async (wanted: TrainingBackend | undefined, say: (line: string) => void) => {
  if (wanted) {
    say(`Trains on ${wanted}`);
    return startBackend(wanted);
  }
  const measured = await startFastestBackend(() => performance.now());
  const [fastest, ...others] = measured.map(({ backend, trialMs }) => `${backend} (${trialMs.toFixed(1)} ms a trial)`);
  say(`Trains on ${fastest}, the fastest here${others.length > 0 ? `; slower: ${others.join(', ')}` : ''}`);
  return measured[0]!.backend;
};

const askAgain = (file: string, checkpoint: Checkpoint | undefined): Asked => {
  if (!checkpoint)
    throw new EbbtideError('DATA_MISSING', `There is no training to resume: ${file} does not exist`, { file });
  return askedSchema.parse(checkpoint.request);
};

const dataOf = async (
  { from, range, windowMs }: Asked,
  load: Invocation['load'],
): Promise<{ data?: TrainingRequest['data']; close(): Promise<void> }> => {
  const close = async (): Promise<void> => undefined;
  if (from.kind === 'shipped') return { close };
  if (from.kind === 'file') return { data: { place: from, range, windowMs }, close };
  const { config } = await load();
  const url = addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url');
  const archive = openArchive({ ...config.clickhouse, url });
  return { data: { place: { kind: 'archive', archive }, range, windowMs }, close: () => archive.close() };
};

/** What comes next for a version. */
const nextStep = (model: TrainableModel, version: string): string =>
  `ebbtide models promote ${version}${model === 'anomaly' ? '' : ` --kind ${model}`} puts it in force`;

/** Register what was trained as a version. @returns the registry's name */
const register = async (model: TrainableModel, folder: string, load: Invocation['load']): Promise<string> => {
  const registry = await openModelRegistry((await load()).config.models);
  await registry.publish(model, folder, userInfo().username);
  return registry.name;
};

/** Train a model, and register it. */
export const run: Action<Options, [TrainableModel]> = async (invocation, options, model) => {
  const { terminal, load } = invocation;
  // The name of a version is of its time, the checkpoint's must be found again
  const file = options.out === undefined ? dataFolder('models', `${model}.checkpoint`) : `${options.out}.checkpoint`;
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const progress = createProgress('Training');
  const started = performance.now();
  let close: (() => Promise<void>) | undefined;
  try {
    const kept = options.resume ? askAgain(file, readCheckpoint(file)) : undefined;
    const backend = await chooseBackend(kept?.backend ?? options.backend, terminal.say);
    const asked: Asked = kept ?? {
      out: options.out ?? dataFolder('models', model, versionAt(new Date())),
      from: options.from,
      range: rangeOf(options, Date.now()),
      windowMs: options.window ?? (await load()).config.policy[model === 'scope' ? 'scope' : 'lifecycle'].windowMs,
      seed: options.seed ?? 1,
      backend,
      ...(options.subjects === undefined ? {} : { subjects: options.subjects }),
      ...(options.epochs === undefined ? {} : { epochs: options.epochs }),
      ...(options.zone === undefined ? {} : { zone: options.zone }),
    };
    const opened = await dataOf(asked, load);
    close = opened.close;
    const { out } = asked;
    const where = relative('.', out) || out;
    terminal.say(`${kept ? 'Goes on training' : 'Trains'} the ${model} model with seed ${asked.seed}, into ${where}`);
    for (const path of [out, file]) mkdirSync(dirname(path), { recursive: true });
    const train = await trainers[model]();
    const outcome = await train(
      {
        ...(opened.data ? { data: opened.data } : {}),
        out,
        checkpoint: file,
        resume: kept !== undefined,
        seed: asked.seed,
        backend,
        request: asked,
        code: version(),
        signal: abort.signal,
        ...(asked.epochs === undefined ? {} : { epochs: asked.epochs }),
        ...(asked.zone === undefined ? {} : { zone: asked.zone }),
        ...(asked.subjects === undefined ? {} : { maxSubjects: asked.subjects }),
      },
      {
        say: terminal.say,
        progress: ({ step, steps, loss, validationLoss, etaMs }) => {
          const validation = validationLoss === undefined ? '' : `, validation ${validationLoss.toFixed(4)}`;
          progress.update(step, steps, `loss ${loss.toFixed(4)}${validation}, ${duration(etaMs)} left`);
        },
      },
    );
    progress.stop();
    const registered = await register(model, outcome.folder, load);
    const result = { ...outcome, registered, durationMs: Math.round(performance.now() - started) };
    if (terminal.json) return terminal.printJson(result);
    terminal.print(`Model ${outcome.version} in ${where} after ${duration(result.durationMs)}`);
    terminal.print(`Registered in ${registered}; ${nextStep(model, outcome.version)}`);
    for (const [name, value] of Object.entries(outcome.metrics)) terminal.print(`  ${name.padEnd(28)} ${value}`);
  } catch (error) {
    if (error instanceof EbbtideError && error.code === 'CANCELLED' && existsSync(file))
      terminal.say('The training is kept; "--resume" with the same --out goes on with it');
    throw error;
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await close?.();
  }
};
