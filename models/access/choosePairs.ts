import { EbbtideError } from '../../schemas/errors.ts';
import { sha256 } from '../hash.ts';
import type { TimeRange } from '../training/telemetry/source.ts';
import type { AccessSource } from './source.ts';

/** Active hours that a pair needs, to be learned from. */
export const fewestActiveHours = 20;

/** Pairs to learn from, and the hours that there are. */
export interface ChosenPairs {
  readonly pairs: readonly string[];
  /** Pairs with any access. */
  readonly known: number;
  /** One past the last hour with an access. */
  readonly toHour: number;
}

/**
 * Choose pairs with enough accesses; of too many, some by chance, the same for the same seed whatever the order in which
 * they are read.
 *
 * @param most pairs at most
 * @throws EbbtideError DATA_MISSING when no pair has enough
 */
export const choosePairs = async (
  source: AccessSource,
  range: TimeRange,
  { seed, most, signal }: { readonly seed: number; readonly most: number; readonly signal?: AbortSignal },
): Promise<ChosenPairs> => {
  const hours = new Map<string, Set<number>>();
  let toHour = Number.NEGATIVE_INFINITY;
  await source.activity(
    range,
    (pair, hour) => {
      const seen = hours.get(pair) ?? new Set();
      // More need not be counted
      if (seen.size < fewestActiveHours) seen.add(hour);
      hours.set(pair, seen);
      toHour = Math.max(toHour, hour + 1);
    },
    signal,
  );
  const enough = [...hours].filter(([, seen]) => seen.size >= fewestActiveHours).map(([pair]) => pair);
  if (enough.length === 0)
    throw new EbbtideError(
      'DATA_MISSING',
      `Of ${hours.size} pairs of user and machine none was active in ${fewestActiveHours} hours; take a longer range, or do without a trained model until then`,
      { pairs: hours.size },
    );
  const rank = (pair: string): string => sha256(`${seed}/${pair}`);
  const pairs = enough
    .map((pair) => [rank(pair), pair] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, most)
    .map(([, pair]) => pair)
    .sort();
  return { pairs, known: hours.size, toHour };
};
