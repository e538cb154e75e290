import { referenceSize } from './reference.ts';

/** Where each part of a subject's carried state lies, in floats; a state of zeros is a new subject. */
export interface StateLayout {
  readonly size: number;
  /** Windows seen, up to the memory of the baseline. */
  readonly seen: number;
  /** End of the last window, epoch milliseconds: upper and lower part, since one float holds too few digits. */
  readonly timeHigh: number;
  readonly timeLow: number;
  /** Shortest distance between two windows so far, milliseconds: the length of a window. */
  readonly cadence: number;
  /** Decayed count of deviations. */
  readonly frequency: number;
  /** 1 while the last window was a deviation, by the subject or by its cohort. */
  readonly deviating: number;
  /** Smoothed energies, {@link streams} of them. */
  readonly smoothed: number;
  /** Usual energies of the subject, residual and level, as multiples of everybody's. */
  readonly usual: number;
  /** What the subject's own p-values are made of; see `reference.ts`. */
  readonly reference: number;
  /** Slowly smoothed part of each feature in the statistic. */
  readonly parts: number;
  /** Slow means of each metric's level, its recent mean, and the mean square between both; see `anchor.ts`. */
  readonly anchor: number;
  readonly recent: number;
  readonly spread: number;
  /** Windows seen of each metric. */
  readonly metricSeen: number;
  /** Mean and deviation of each metric's amount, in steps, and how amounts vary together; see `joint.ts`. */
  readonly amount: number;
  readonly amountDeviation: number;
  readonly moments: number;
  readonly mean: number;
  readonly deviation: number;
  readonly forecast: number;
  readonly inverseScale: number;
  readonly hidden: number;
  readonly cell: number;
  /** Log-odds that a corrected score may not fall below, see `models/feedback/head.ts`; 0 for none. */
  readonly held: number;
}

/** Smoothed energies: of the residual fast, slow and slowest, then of the level likewise. */
export const streams = 6;

/** Lower part of a time in the state: 2^20 ms, so that both parts are exact as floats until the year 2500. */
export const timeUnit = 1_048_576;

/**
 * Lay out the state of one subject.
 *
 * @param features size of the feature vector
 * @param metrics number of metrics it is made of
 * @param hidden LSTM units
 */
export const stateLayout = (features: number, metrics: number, hidden: number): StateLayout => {
  let size = 0;
  const take = (floats: number): number => {
    size += floats;
    return size - floats;
  };
  const layout = {
    seen: take(1),
    timeHigh: take(1),
    timeLow: take(1),
    cadence: take(1),
    frequency: take(1),
    deviating: take(1),
    smoothed: take(streams),
    usual: take(2),
    reference: take(referenceSize),
    parts: take(features),
    anchor: take(metrics),
    recent: take(metrics),
    spread: take(metrics),
    metricSeen: take(metrics),
    amount: take(metrics),
    amountDeviation: take(metrics),
    moments: take((metrics * (metrics + 1)) / 2),
    mean: take(features),
    deviation: take(features),
    forecast: take(features),
    inverseScale: take(features),
    hidden: take(hidden),
    cell: take(hidden),
    held: take(1),
  };
  return { size, ...layout };
};
