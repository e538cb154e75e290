import { InvalidArgumentError } from 'commander';

/**
 * A parser for an option that must be a whole number.
 *
 * @param least - smallest that is taken
 * @param most - largest that is taken
 */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}`);
  };

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parse a duration such as `90s`, `30m`, `8h` or `2d` into milliseconds. */
export const durationMs = (text: string): number => {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text.trim()) ?? [];
  const value = Number(amount) * (units[unit ?? ''] ?? Number.NaN);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a duration such as 90s, 30m, 8h or 2d');
};

/** A time: given, or a duration before now. */
export type InstantOrAgo = { readonly atMs: number } | { readonly agoMs: number };

/** Parse a time in ISO 8601 (UTC where it names no zone), or a duration back from now, such as `30d`. */
export const instantOrAgo = (text: string): InstantOrAgo => {
  if (/^\d+(?:\.\d+)?[smhd]$/.test(text.trim())) return { agoMs: durationMs(text) };
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(zoned(text.trim())) : Number.NaN;
  if (!Number.isNaN(date)) return { atMs: date };
  throw new InvalidArgumentError('Expected a duration such as 30d, or a time such as 2026-03-01T00:00:00Z');
};

/** Epoch milliseconds of such a time. */
export const instantOf = (time: InstantOrAgo, nowMs: number): number =>
  'atMs' in time ? time.atMs : nowMs - time.agoMs;

const zoned = (text: string): string =>
  text.length === 10 || /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`;
