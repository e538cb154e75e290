import { hourMs } from './calendar.ts';
import { accessFeatures, fillAccessFeatures } from './features.ts';
import { historyLayout, sessionGapMs } from './history.ts';
import { type PairEvent, type Population, walk } from './population.ts';
import { fillReturn, returnBins, returnFeatureCount } from './returns.ts';

/** A session that ended, and when the next one began. */
export interface ReturnCase {
  readonly pair: string;
  readonly lastMs: number;
  /** Hours to the next access; infinity where none came. */
  readonly gapHours: number;
  /** bins × features, see {@link fillReturn} */
  readonly x: Float32Array;
}

/** What pairs looked like at each hour, and what they did in it. */
export interface AccessGrid {
  readonly pairs: readonly string[];
  readonly fromHour: number;
  readonly hours: number;
  /** hours × pairs × features */
  readonly x: Float32Array;
  /** hours × pairs: accessed in the hour. */
  readonly active: Uint8Array;
  readonly returns: readonly ReturnCase[];
}

/**
 * Gather inputs and outcomes of some pairs, hour by hour, while the population takes in the events of all.
 *
 * @param events in order of time
 * @param toHour hours before it are gathered
 * @param pairs whose rows are wanted
 * @param onHour called at each hour, with how many are done
 */
export const gatherGrid = async (
  population: Population,
  events: readonly PairEvent[],
  toHour: number,
  pairs: readonly string[],
  onHour: (done: number) => void | Promise<void> = () => undefined,
): Promise<AccessGrid> => {
  const fromHour = population.hour;
  const hours = toHour - fromHour;
  const { size } = accessFeatures;
  const x = new Float32Array(hours * pairs.length * size);
  const active = new Uint8Array(hours * pairs.length);
  const place = new Map(pairs.map((pair, i) => [pair, i] as const));
  const returns = collectReturns(population, pairs);
  await walk(
    population,
    events,
    toHour,
    (hour) => {
      const row = (hour - fromHour) * pairs.length;
      pairs.forEach((pair, i) => {
        fillAccessFeatures(population.stateOf(pair), population.shared, population.calendar, x, (row + i) * size);
      });
      returns.opened(hour);
      return onHour(hour - fromHour);
    },
    ({ pair, event }) => {
      const at = place.get(pair);
      if (event.kind !== 'access' || at === undefined) return;
      active[(population.hour - fromHour) * pairs.length + at] = 1;
      returns.accessed(pair, event.timeMs);
    },
  );
  return { pairs, fromHour, hours, x, active, returns: returns.finish() };
};

/** Collects the sessions of some pairs that end, each described as it ends. */
export const collectReturns = (population: Population, pairs: readonly string[]) => {
  const wanted = new Set(pairs);
  const cases: ReturnCase[] = [];
  const pending = new Map<string, { lastMs: number; x: Float32Array | undefined }>();
  const settle = (pair: string, timeMs: number): void => {
    const ended = pending.get(pair);
    pending.delete(pair);
    if (!ended?.x || timeMs - ended.lastMs <= sessionGapMs) return;
    cases.push({ pair, lastMs: ended.lastMs, gapHours: (timeMs - ended.lastMs) / hourMs, x: ended.x });
  };
  return {
    /** An hour began: describe the pairs whose last access was in the one before. */
    opened(hour: number): void {
      for (const [pair, ended] of pending) {
        const state = population.stateOf(pair);
        if (ended.x || state[historyLayout.last] !== hour - 1) continue;
        ended.x = new Float32Array(returnBins * returnFeatureCount);
        fillReturn(state, population.shared, population.calendar, ended.lastMs, ended.x);
      }
    },
    accessed(pair: string, timeMs: number): void {
      if (!wanted.has(pair)) return;
      settle(pair, timeMs);
      pending.set(pair, { lastMs: timeMs, x: undefined });
    },
    finish(): readonly ReturnCase[] {
      for (const pair of [...pending.keys()]) settle(pair, Number.POSITIVE_INFINITY);
      return cases;
    },
  };
};

/**
 * Whether pairs are active within some hours from each.
 *
 * @returns hours × pairs: 1, 0, or 2 where the grid ends too early to tell
 */
export const activeWithin = ({ active, hours, pairs }: AccessGrid, ahead: number): Uint8Array => {
  const result = new Uint8Array(active.length);
  for (let pair = 0; pair < pairs.length; pair++) {
    let next = Number.POSITIVE_INFINITY;
    for (let hour = hours - 1; hour >= 0; hour--) {
      const at = hour * pairs.length + pair;
      if (active[at] === 1) next = hour;
      result[at] = next - hour < ahead ? 1 : hour + ahead > hours ? 2 : 0;
    }
  }
  return result;
};
