import type { Calendar } from './calendar.ts';
import type { guarded } from './guarded.ts';
import { chanceWithin, quantileOf } from './hazard.ts';
import { hourOf } from './history.ts';
import { hoursOf, type PairEvent, Population, walk } from './population.ts';

/** What is foreseen of a pair, from the beginning of an hour on. */
export interface AskedForecast {
  readonly pair: string;
  /** Chances of an access, 0 to 1: within the hour, the day, and the window that was asked for. */
  readonly within1h: number;
  readonly within24h: number;
  readonly withinWindow: number;
  /** Hours after which the next access lies with 10, 50 and 90 %; infinity beyond what is foreseen. */
  readonly expectedHours: readonly [early: number, median: number, late: number];
  /** The model, or everybody's habits. */
  readonly basis: 'model' | 'prior';
  /** Whether forecasts of the pair were worth anything lately. */
  readonly helps: boolean;
}

/**
 * Ask what pairs will do, after leading a population through what they and others did, hour by hour, as the pipeline does.
 *
 * @param events of all pairs that are to be the prior, these among them, in order of time; not empty
 * @param nowMs epoch milliseconds: the hour that it lies in is the one from whose beginning on is foreseen; what happened in it
 *   is not known
 * @param window hours from that beginning at which the window begins and ends
 */
export const askForecasts = async (
  predictor: Pick<ReturnType<typeof guarded>, 'carried' | 'forecast'>,
  events: readonly PairEvent[],
  pairs: readonly string[],
  calendar: Calendar,
  nowMs: number,
  window: readonly [fromHours: number, toHours: number],
): Promise<AskedForecast[]> => {
  const population = new Population(calendar, hoursOf(events)[0], predictor.carried);
  const wanted = new Set(pairs);
  const all = [...new Set([...events.map(({ pair }) => pair), ...pairs])].sort();
  let asked: AskedForecast[] = [];
  await walk(population, events, hourOf(nowMs) + 1, async () => {
    const forecasts = await predictor.forecast(population, all);
    asked = all.flatMap((pair, i) => {
      if (!wanted.has(pair)) return [];
      const { within1h, within24h, survival, basis, helps } = forecasts[i]!;
      const [early, median, late] = [0.1, 0.5, 0.9].map((share) => quantileOf(survival, share)) as [
        number,
        number,
        number,
      ];
      const withinWindow = chanceWithin(survival, ...window);
      return [{ pair, within1h, within24h, withinWindow, expectedHours: [early, median, late] as const, basis, helps }];
    });
  });
  return asked;
};
