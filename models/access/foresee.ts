import { EbbtideError } from '../../schemas/errors.ts';
import { type Calendar, hourMs } from './calendar.ts';
import { collectReturns } from './grid.ts';
import { type PairEvent, Population, walk } from './population.ts';
import type { AccessPredictor } from './predictor.ts';

/** Hours since 1970: history begins, the test begins, both end. */
export interface TestHours {
  readonly fromHour: number;
  readonly testHour: number;
  readonly toHour: number;
}

/** What a predictor said of the hours of a test, each time knowing the past only. */
export interface Foreseen {
  readonly name: string;
  /** hours × pairs: chance within the hour. */
  readonly hour: Float64Array;
  /** hours × pairs: chance within 24 h. */
  readonly day: Float64Array;
  /** Absolute errors of the next session's time, hours: one for each session of the test that had one before it. */
  readonly returnErrors: readonly number[];
}

/** Lead a predictor through all hours, from past to present, and keep what it says of the test. */
export const foresee = async (
  predictor: AccessPredictor,
  events: readonly PairEvent[],
  pairs: readonly string[],
  calendar: Calendar,
  { fromHour, testHour, toHour }: TestHours,
  signal?: AbortSignal,
): Promise<Foreseen> => {
  const population = new Population(calendar, fromHour, predictor.carried);
  const hour = new Float64Array((toHour - testHour) * pairs.length);
  const day = new Float64Array((toHour - testHour) * pairs.length);
  const returns = collectReturns(population, pairs);
  await walk(
    population,
    events,
    toHour,
    async (now) => {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
      returns.opened(now);
      const stateless = predictor.carried.pair === 0 && predictor.carried.all === 0;
      if (now < testHour && stateless) return;
      const forecasts = await predictor.forecast(population, pairs);
      if (now < testHour) return;
      forecasts.forEach(({ within1h, within24h }, i) => {
        hour[(now - testHour) * pairs.length + i] = within1h;
        day[(now - testHour) * pairs.length + i] = within24h;
      });
    },
    ({ pair, event }) => {
      if (event.kind === 'access') returns.accessed(pair, event.timeMs);
    },
  );
  const returnErrors = returns
    .finish()
    .filter(({ lastMs, gapHours }) => Number.isFinite(gapHours) && lastMs + gapHours * hourMs >= testHour * hourMs)
    .map((ended) => Math.abs(predictor.returnAfter(ended) - ended.gapHours));
  return { name: predictor.name, hour, day, returnErrors };
};

/** What happened in the hours of a test: each hours × pairs, 1 or 0. */
export interface Outcomes {
  readonly active: Uint8Array;
  /** Whether the hour before was active: then the row is no onset. */
  readonly wasActive: Uint8Array;
  readonly within24h: Uint8Array;
  /** Rows of which the whole 24 h are known; they are the first. */
  readonly known24h: number;
}

/** @param accesses of each pair, epoch ms */
export const outcomesOf = (
  accesses: readonly (readonly number[])[],
  { testHour, toHour }: Omit<TestHours, 'fromHour'>,
): Outcomes => {
  const hours = toHour - testHour;
  const pairs = accesses.length;
  const [active, wasActive, within24h] = [0, 1, 2].map(() => new Uint8Array(hours * pairs)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  accesses.forEach((times, pair) => {
    for (const timeMs of times) {
      const hour = Math.floor(timeMs / hourMs) - testHour;
      if (hour >= 0 && hour < hours) active[hour * pairs + pair] = 1;
      if (hour + 1 >= 0 && hour + 1 < hours) wasActive[(hour + 1) * pairs + pair] = 1;
      for (let ahead = Math.max(0, hour - 23); ahead <= hour && ahead < hours; ahead++)
        within24h[ahead * pairs + pair] = 1;
    }
  });
  return { active, wasActive, within24h, known24h: Math.max(0, hours - 23) * pairs };
};

/** Accesses of pairs, epoch ms in order of time. */
export const accessesOf = (events: readonly PairEvent[], pairs: readonly string[]): readonly (readonly number[])[] => {
  const byPair = new Map(pairs.map((pair) => [pair, [] as number[]] as const));
  for (const { pair, event } of events) if (event.kind === 'access') byPair.get(pair)?.push(event.timeMs);
  return [...byPair.values()];
};
