import { EbbtideError } from '../../../schemas/errors.ts';
import { calendarOf, hourMs } from '../../access/calendar.ts';
import { chanceOfCell } from '../../access/chances.ts';
import { fewestActiveHours } from '../../access/choosePairs.ts';
import { accessFeatureList } from '../../access/features.ts';
import { accessesOf, type Foreseen, foresee } from '../../access/foresee.ts';
import { gatherGrid } from '../../access/grid.ts';
import { guarded } from '../../access/guarded.ts';
import { cellOf, hoursSinceLast } from '../../access/history.ts';
import { heldShare, learnAccess } from '../../access/learn.ts';
import { AccessModel, type AccessParts } from '../../access/model.ts';
import { hoursOf, type PairEvent, Population, walk } from '../../access/population.ts';
import type { AccessForecast, AccessPredictor } from '../../access/predictor.ts';
import { statisticalPredictor } from '../../access/statistics.ts';
import { onnxRuntime } from '../../runtimes/onnx.ts';
import { startBackend } from '../../training/backend.ts';
import type { EvaluationRequest } from '../evaluation.ts';
import { type ConstantReturn, constantReturn } from './constantReturn.ts';
import { nasaZone, readNasa } from './nasa.ts';

/** Share of the hours that is learned from; the rest is the test. */
export const trainShare = 0.7;

/** Predictors that can be compared. */
export const accessPredictors = ['ebbtide', 'network', 'trees', 'statistics', 'recency'] as const;
export type AccessPredictorName = (typeof accessPredictors)[number];

/** The test part, and what predictors said of it. */
export interface NasaRuns {
  readonly pairs: readonly string[];
  /** First hour of the test, and one past the last. */
  readonly fromHour: number;
  readonly toHour: number;
  /** Accesses of each pair, over the whole time. */
  readonly accesses: readonly (readonly number[])[];
  readonly runs: readonly Foreseen[];
  /** hours × pairs: what a decayed histogram of each hour of the day says. */
  readonly histogram: Float64Array;
  /** The time of a return by one constant. */
  readonly constant: ConstantReturn;
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

const medianGapAt = accessFeatureList.findIndex(({ name }) => name === 'medianGap');

/** What ranks by the time since the last access alone: no chances, and the median of a user's last five gaps as the time of a return. */
const recency: AccessPredictor = {
  ...statisticalPredictor,
  name: 'recency',
  // The median of the gaps that are remembered
  returnAfter: ({ x }) => Math.max(1, Math.expm1(x[medianGapAt]!)),
  forecast: async (population, pairs) =>
    pairs.map((pair): AccessForecast => {
      const since = hoursSinceLast(population.stateOf(pair), population.hour * hourMs);
      const chance = 1 / (1 + (Number.isFinite(since) ? since : 2000));
      return { within1h: chance, within24h: chance, survival: new Float64Array(0) };
    }),
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
        return guarded(await AccessModel.create(name, parts!, onnxRuntime), statisticalPredictor);
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
  const runs: Foreseen[] = [];
  const hours = { fromHour, testHour, toHour: lastAccessHour(events) };
  for (const [i, name] of detectors.entries()) {
    onProgress(i, detectors.length, `${name} meets the test`);
    const predictor = await predictorOf(name);
    runs.push(await foresee(predictor, events, pairs, calendarOf(nasaZone), hours, signal));
    await predictor.close();
  }
  onProgress(1, 1, 'judged');
  const accesses = accessesOf(events, pairs);
  return {
    pairs,
    fromHour: testHour,
    toHour: hours.toHour,
    accesses,
    constant: constantReturn(accesses, testHour, hours.toHour),
    runs,
    histogram: await histogramChances(events, pairs, testHour),
    learned,
  };
};
