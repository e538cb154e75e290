import { hourMs } from '../../access/calendar.ts';
import { gapsIn } from './tradeOff.ts';

/** What one constant for everybody says of the time to the next session. */
export interface ConstantReturn {
  /** Hours from a session's last access, chosen on the training part. */
  readonly hours: number;
  /** Absolute errors in the test, hours, one a session start. */
  readonly errors: readonly number[];
}

/** The middle value; of an even number the mean of both in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2 === 1
    ? sorted[sorted.length >> 1]!
    : (sorted[sorted.length / 2 - 1]! + sorted[sorted.length / 2]!) / 2;
};

/**
 * The constant with the least median error on sessions that begin before the test, met with those that begin in it.
 *
 * @param accesses of each pair, epoch ms in order of time
 */
export const constantReturn = (
  accesses: readonly (readonly number[])[],
  testHour: number,
  toHour: number,
): ConstantReturn => {
  const gapsOf = (fromMs: number, toMs: number): number[] =>
    gapsIn(accesses, fromMs, toMs)
      .gaps.filter(({ nextMs }) => nextMs >= fromMs && nextMs < toMs)
      .map(({ lastMs, nextMs }) => (nextMs - lastMs) / hourMs);
  const errorsOf = (gaps: readonly number[], hours: number) => gaps.map((gap) => Math.abs(gap - hours));
  const learned = gapsOf(0, testHour * hourMs);
  let best = { hours: 1, error: Number.POSITIVE_INFINITY };
  for (let hours = 1; hours <= 72; hours += 0.125) {
    const error = median(errorsOf(learned, hours));
    if (error < best.error) best = { hours, error };
  }
  return { hours: best.hours, errors: errorsOf(gapsOf(testHour * hourMs, toHour * hourMs), best.hours) };
};
