import { EbbtideError } from '../../../schemas/errors.ts';
import { calendarOf, hourMs } from '../../access/calendar.ts';
import { chanceOfCell } from '../../access/features.ts';
import { collectReturns, gatherGrid } from '../../access/grid.ts';
import { cellOf, hoursSinceLast } from '../../access/history.ts';
import { heldShare, learnAccess } from '../../access/learn.ts';
import { AccessModel, type AccessParts } from '../../access/model.ts';
import { hoursOf, type PairEvent, Population, walk } from '../../access/population.ts';
import type { AccessForecast, AccessPredictor } from '../../access/predictor.ts';
import { statisticalPredictor } from '../../access/statistics.ts';
import { onnxRuntime } from '../../runtimes/onnx.ts';
import { startBackend } from '../../training/backend.ts';
import type { EvaluationRequest } from '../evaluation.ts';
import { nasaZone, readNasa } from './nasa.ts';

/** Share of the hours that is learned from; the rest is the test. */
export const trainShare = 0.7;
/** Active hours in the training part that a user needs to be judged. */
const fewestActiveHours = 20;

/** Predictors that can be compared. */
export const accessPredictors = ['ebbtide', 'network', 'trees', 'statistics', 'recency'] as const;
export type AccessPredictorName = (typeof accessPredictors)[number];

/** What one predictor said of the test part. */
export interface TestRun {
  readonly name: string;
  /** hours × pairs, chance within the hour and within 24 h. */
  readonly hour: Float64Array;
  readonly day: Float64Array;
  /** Absolute errors of the next session's time, hours, one a session that ended and was followed by another. */
  readonly returnErrors: readonly number[];
}

/** The test part, and what predictors said of it. */
export interface NasaRuns {
  readonly pairs: readonly string[];
  /** First hour of the test, and one past the last. */
  readonly fromHour: number;
  readonly toHour: number;
  /** Accesses of each pair, over the whole time. */
  readonly accesses: readonly (readonly number[])[];
  readonly runs: readonly TestRun[];
  /** hours × pairs: what a decayed histogram of each hour of the day says. */
  readonly histogram: Float64Array;
  readonly learned: Readonly<Record<string, number>>;
}

/** Users with enough active hours before an hour. */
const judgedPairs = (events: readonly PairEvent[], toHour: number): string[] => {
  const active = new Map<string, Set<number>>();
  for (const { pair, event } of events) {
    const hour = Math.floor(event.timeMs / hourMs);
    if (event.kind !== 'access' || hour >= toHour) continue;
    const hours = active.get(pair) ?? new Set();
    active.set(pair, hours.add(hour));
  }
  return [...active].filter(([, hours]) => hours.size >= fewestActiveHours).map(([pair]) => pair);
};

/** What ranks by the time since the last access alone: no chances, and a user's median gap as the time of a return. */
const recency: AccessPredictor = {
  ...statisticalPredictor,
  name: 'recency',
  forecast: async (population, pairs) =>
    pairs.map((pair): AccessForecast => {
      const since = hoursSinceLast(population.stateOf(pair), population.hour * hourMs);
      const chance = 1 / (1 + (Number.isFinite(since) ? since : 2000));
      return { within1h: chance, within24h: chance, survival: new Float64Array(0) };
    }),
};

const medianGap = (before: readonly number[]): number => [...before].sort((a, b) => a - b)[before.length >> 1] ?? 12;

/** Lead a predictor through all hours, past to present, and keep what it says of the test. */
const runPredictor = async (
  predictor: AccessPredictor,
  events: readonly PairEvent[],
  pairs: readonly string[],
  testHour: number,
  signal: AbortSignal | undefined,
): Promise<TestRun> => {
  const [fromHour] = hoursOf(events);
  const toHour = lastAccessHour(events);
  const population = new Population(calendarOf(nasaZone), fromHour, predictor.carried);
  const hour = new Float64Array((toHour - testHour) * pairs.length);
  const day = new Float64Array((toHour - testHour) * pairs.length);
  const returns = collectReturns(population, pairs);
  const known = new Set(pairs);
  await walk(
    population,
    events,
    toHour,
    async (now) => {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
      returns.opened(now);
      const forecasts = await predictor.forecast(population, pairs);
      if (now < testHour) return;
      forecasts.forEach(({ within1h, within24h }, i) => {
        hour[(now - testHour) * pairs.length + i] = within1h;
        day[(now - testHour) * pairs.length + i] = within24h;
      });
    },
    ({ pair, event }) => {
      if (event.kind === 'access' && known.has(pair)) returns.accessed(pair, event.timeMs);
    },
  );
  const gaps = new Map<string, number[]>();
  const returnErrors: number[] = [];
  for (const ended of returns.finish()) {
    const before = gaps.get(ended.pair) ?? [];
    if (ended.lastMs >= testHour * hourMs && Number.isFinite(ended.gapHours)) {
      const expected = predictor === recency ? medianGap(before) : predictor.returnAfter(ended);
      returnErrors.push(Math.abs(expected - ended.gapHours));
    }
    gaps.set(ended.pair, [...before, ended.gapHours]);
  }
  return { name: predictor.name, hour, day, returnErrors };
};

const lastAccessHour = (events: readonly PairEvent[]): number =>
  Math.floor(
    events.reduce((last, { event }) => (event.kind === 'access' ? Math.max(last, event.timeMs) : last), 0) / hourMs,
  ) + 1;

/** What a decayed histogram of each pair's hours of the day says. */
const histogramChances = async (events: readonly PairEvent[], pairs: readonly string[], testHour: number) => {
  const toHour = lastAccessHour(events);
  const population = new Population(calendarOf(nasaZone), hoursOf(events)[0]);
  const chances = new Float64Array((toHour - testHour) * pairs.length);
  await walk(population, events, toHour, (now) => {
    if (now < testHour) return;
    const cell = cellOf(population.calendar, now * hourMs);
    pairs.forEach((pair, i) => {
      const known = { state: population.stateOf(pair), shared: population.shared };
      chances[(now - testHour) * pairs.length + i] = chanceOfCell(known, cell, 'startsIn', 1);
    });
  });
  return chances;
};

/** What is asked for beside a data set. */
export interface NasaOptions {
  readonly seed?: number;
  /** Networks whose logits are averaged. @default 3 */
  readonly members?: number;
  /** Judge on the last part of the training hours instead, to choose by. */
  readonly choose?: boolean;
}

/** Learn from the training part, and lead predictors through the test. */
export const runNasa = async (
  { folder, detectors, onProgress, signal }: EvaluationRequest,
  { seed = 1, members = 3, choose = false }: NasaOptions = {},
): Promise<NasaRuns> => {
  const all = readNasa(folder);
  const [fromHour] = hoursOf(all);
  const wholeHours = lastAccessHour(all) - fromHour;
  const trainHours = Math.floor(wholeHours * trainShare);
  const pairs = judgedPairs(all, fromHour + trainHours);
  const endHour = choose ? fromHour + trainHours : fromHour + wholeHours;
  const events = choose ? all.filter(({ event }) => event.timeMs < endHour * hourMs) : all;
  const testHour = fromHour + (choose ? Math.floor(trainHours * (1 - heldShare)) : trainHours);
  const needed = detectors.some((name) => ['ebbtide', 'network', 'trees'].includes(name));
  let parts: AccessParts | undefined;
  let learned: Readonly<Record<string, number>> = {};
  if (needed) {
    await startBackend();
    const before = all.filter(({ event }) => event.timeMs < testHour * hourMs);
    const grid = await gatherGrid(new Population(calendarOf(nasaZone), fromHour), before, testHour, pairs);
    const outcome = await learnAccess(grid, { seed, members, ...(signal ? { signal } : {}) }, (step, steps, loss) =>
      onProgress(step, steps, `learns, loss ${loss.toFixed(4)}`),
    );
    parts = outcome.parts;
    learned = outcome.metrics;
  }
  const predictorOf = async (name: string): Promise<AccessPredictor> => {
    switch (name) {
      case 'ebbtide':
        return AccessModel.create(name, parts!, onnxRuntime);
      case 'network':
      case 'trees':
        return AccessModel.create(name, parts!, onnxRuntime, name);
      case 'statistics':
        return statisticalPredictor;
      case 'recency':
        return recency;
      default:
        throw new EbbtideError(
          'REQUEST_INVALID',
          `No access predictor is named ${name}; there are ${accessPredictors.join(', ')}`,
        );
    }
  };
  const runs: TestRun[] = [];
  for (const [i, name] of detectors.entries()) {
    onProgress(i, detectors.length, `${name} meets the test`);
    const predictor = await predictorOf(name);
    runs.push(await runPredictor(predictor, events, pairs, testHour, signal));
    await predictor.close();
  }
  onProgress(1, 1, 'judged');
  const byPair = new Map(pairs.map((pair) => [pair, [] as number[]] as const));
  for (const { pair, event } of events) if (event.kind === 'access') byPair.get(pair)?.push(event.timeMs);
  return {
    pairs,
    fromHour: testHour,
    toHour: lastAccessHour(events),
    accesses: [...byPair.values()],
    runs,
    histogram: await histogramChances(events, pairs, testHour),
    learned,
  };
};
