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
