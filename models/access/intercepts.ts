import { activeHours, wasActive } from './history.ts';
import type { AccessForecast } from './predictor.ts';

/** How fast the intercepts follow what comes true: the largest step an hour. */
const interceptRate = 0.02;

const ring = 24;
/**
 * Floats that are carried: for all, the two intercepts, the hour of the last forecast, and that of each promise of a day;
 * for a pair, what was promised of the next hour, and in each of the last 24 hours of the next day. 0 is no promise.
 */
export const interceptPlaces = {
  hour: 0,
  day: 1,
  lastHour: 2,
  hours: 3,
  all: 3 + ring,
  pair: 1 + ring,
} as const;

const slotOf = (hour: number): number => hour % ring;

/**
 * Move the intercepts by the mean of how far chances that have come due were from what happened: those of an hour ago, and
 * those of a day ago. Only pairs count for which something was promised then, so a pair that is new moves nothing.
 *
 * @param own floats for all, see {@link interceptPlaces}
 * @param states histories of pairs at the beginning of `hour`
 * @param promised floats of the same pairs
 */
export const learnIntercepts = (
  own: Float32Array,
  states: readonly Float32Array[],
  promised: readonly Float32Array[],
  hour: number,
): void => {
  const move = (at: number, place: number, came: (state: Float32Array) => number): void => {
    let [sum, count] = [0, 0];
    promised.forEach((promises, row) => {
      if (promises[at] === 0) return;
      sum += came(states[row]!) - promises[at]!;
      count++;
      promises[at] = 0;
    });
    if (count > 0) own[place]! += (interceptRate * sum) / count;
  };
  if (own[interceptPlaces.lastHour] === hour - 1) move(0, interceptPlaces.hour, (state) => wasActive(state, 1));
  if (own[interceptPlaces.hours + slotOf(hour)] === hour - ring)
    move(1 + slotOf(hour), interceptPlaces.day, (state) => (activeHours(state, ring) > 0 ? 1 : 0));
};

/** Keep what is promised of `hour` and of the day that begins with it, until it comes due. */
export const keepPromises = (
  own: Float32Array,
  promised: readonly Float32Array[],
  forecasts: readonly AccessForecast[],
  hour: number,
): void => {
  own[interceptPlaces.lastHour] = hour;
  own[interceptPlaces.hours + slotOf(hour)] = hour;
  forecasts.forEach(({ within1h, within24h }, row) => {
    promised[row]![0] = within1h;
    promised[row]![1 + slotOf(hour)] = within24h;
  });
};
