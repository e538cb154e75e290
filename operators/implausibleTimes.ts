import { EbbtideError } from '../schemas/errors.ts';

/** How far a sample's time may lie from when the broker received it, milliseconds. */
export interface TimeLimits {
  readonly maxAheadMs: number;
  readonly maxPastMs: number;
}

/**
 * Whether the times of some rows of a table lie within the limits.
 *
 * @param values - rows of `width` columns, the first of them the time in epoch milliseconds
 * @param first - first row
 * @param last - row after the last
 * @param received - when the broker received them, epoch milliseconds
 */
export const plausible = (
  values: Float64Array,
  width: number,
  first: number,
  last: number,
  received: number,
  { maxAheadMs, maxPastMs }: TimeLimits,
): boolean => {
  for (let at = first * width; at < last * width; at += width) {
    const time = values[at]!;
    if (time > received + maxAheadMs || time < received - maxPastMs) return false;
  }
  return true;
};

/**
 * Take rows of an implausible time out of a table, in place: rows that stay move up. See {@link plausible}.
 *
 * @returns the row after the last that stays, and what is to be said of the others
 */
export const dropImplausible = (
  values: Float64Array,
  width: number,
  first: number,
  last: number,
  received: number,
  limits: TimeLimits,
): { readonly kept: number; readonly error: EbbtideError } => {
  let kept = first;
  const dropped: number[] = [];
  for (let row = first; row < last; row++) {
    if (plausible(values, width, row, row + 1, received, limits)) {
      if (kept < row) values.copyWithin(kept * width, row * width, (row + 1) * width);
      kept++;
    } else dropped.push(values[row * width]!);
  }
  const others = dropped.length > 1 ? ` and ${dropped.length - 1} more` : '';
  const error = new EbbtideError(
    'RECORD_TIME_IMPLAUSIBLE',
    `Sample is of ${describeTime(dropped[0]!)}${others} but was received at ${describeTime(received)}; check the clock of its host`,
    { time: dropped[0], received, samples: dropped.length },
  );
  return { kept, error };
};

const describeTime = (time: number) => (Math.abs(time) < 8.64e15 ? new Date(time).toISOString() : `${time} ms`);
