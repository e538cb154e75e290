import { z } from 'zod';
import { curveSchema } from '../calibration/curve.ts';
import { scopeFeatures } from './features.ts';
import type { SequenceWeights } from './network.ts';

const { size } = scopeFeatures;
const numbers = z.array(z.number());

/** What a trained scope model holds beside its network. */
export const headSchema = z.strictObject({
  /** Whether labels taught what misuse is, or only what is usual. */
  supervised: z.boolean(),
  /** Ascending values of each feature in training, evenly spaced in rank; empty where it was always missing. */
  quantiles: z.array(numbers).length(size),
  /** Features that may count; the others are ignored. */
  used: z.array(z.boolean()).length(size),
  /** Linear log-odds: constant, then one weight a feature; zeros without labels. */
  linear: numbers.length(size + 1),
  /** Weights of constant, linear part and network in the statistic. */
  join: z.tuple([z.number(), z.number(), z.number()]),
  /** Statistics of benign windows that were held out. */
  curve: curveSchema,
});

/** See {@link headSchema}. */
export type Head = z.infer<typeof headSchema>;

/** A network with all else that it needs to judge. */
export interface ScopePart {
  readonly head: Head;
  readonly network: SequenceWeights;
}

/** Everything that is learned. */
export interface ScopeParts extends ScopePart {
  /**
   * What is usual, beside what labels taught: an attack of another kind than those labelled is still unusual. Only where
   * the first is supervised.
   */
  readonly usual?: ScopePart;
}

/** Most knots of a feature's quantiles. */
const knots = 64;
/** Ranks are spread over plus and minus this. */
const reach = 1.5;

/** Evenly spaced quantiles of a feature's values. */
export const quantilesOf = (values: readonly number[]): number[] => {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return [];
  const many = Math.min(knots, sorted.length);
  return Array.from({ length: many }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / Math.max(1, many - 1))]!);
};

/** Rank of a value among quantiles, −1.5 to 1.5; the middle of equals; 0 where it is missing. */
const rankOf = (quantiles: readonly number[], value: number): number => {
  const many = quantiles.length;
  if (many === 0 || Number.isNaN(value)) return 0;
  const bound = (before: (knot: number) => boolean) => {
    let low = 0;
    let high = many;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(quantiles[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const below = bound((knot) => knot < value);
  const upTo = bound((knot) => knot <= value);
  if (below === many) return reach;
  if (upTo === 0) return -reach;
  if (many === 1) return 0;
  const place =
    upTo > below
      ? (below + upTo - 1) / 2
      : below - 1 + (value - quantiles[below - 1]!) / (quantiles[below]! - quantiles[below - 1]!);
  return reach * ((2 * place) / (many - 1) - 1);
};

/** A vector as ranks, so that no value is far away: what the trained parts see. */
export const ranksOf = (head: Pick<Head, 'quantiles' | 'used'>, vector: Float64Array): Float32Array =>
  Float32Array.from({ length: scopeFeatures.size }, (_, i) =>
    head.used[i] ? rankOf(head.quantiles[i]!, vector[i]!) : 0,
  );

/** The linear part for a vector of ranks. */
export const linearOf = (weights: readonly number[] | Float64Array, ranks: Float32Array): number => {
  let sum = weights[0]!;
  for (let i = 0; i < ranks.length; i++) sum += weights[i + 1]! * ranks[i]!;
  return sum;
};
