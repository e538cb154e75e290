import { EbbtideError } from '../../schemas/errors.ts';

const ago: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * A time as people write it: `2026-01-31`, `2026-01-31T12:00Z`, epoch milliseconds, `now`, or so long ago: `36h`, `30d`.
 *
 * @param now - epoch milliseconds
 * @param option - where it was written, for the message
 * @throws {EbbtideError} `REQUEST_INVALID`
 */
export const parseTime = (text: string, now: number, option: string): number => {
  const trimmed = text.trim();
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d|w)$/.exec(trimmed) ?? [];
  const time =
    trimmed === 'now'
      ? now
      : amount !== undefined
        ? now - Number(amount) * ago[unit!]!
        : /^\d{11,14}$/.test(trimmed)
          ? Number(trimmed)
          : /^\d{4}-\d{2}-\d{2}/.test(trimmed)
            ? Date.parse(trimmed)
            : Number.NaN;
  if (Number.isFinite(time) && Math.abs(time) < 8.64e15) return Math.round(time);
  throw new EbbtideError(
    'REQUEST_INVALID',
    `${option} must be a time such as 2026-01-31, 2026-01-31T12:00Z, now, or 36h or 30d (ago), got ${JSON.stringify(text)}`,
    { option, value: text },
  );
};

/** A range of times for people. */
export const describeRange = (from: number, to: number): string =>
  `${from === 0 ? 'the beginning' : new Date(from).toISOString()} and ${Number.isFinite(to) ? new Date(to).toISOString() : 'now'}`;
