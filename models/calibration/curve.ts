import { z } from 'zod';

/** What a statistic of benign behaviour looks like: how surprising each value is, with a tail beyond what was seen. */
export const curveSchema = z.strictObject({
  samples: z.number().int().positive(),
  /** Statistics in ascending order … */
  statistics: z.array(z.number()).min(2),
  /** … and −log10 of the p-value at each. */
  surprises: z.array(z.number()).min(2),
  /** Scale of the generalised Pareto tail beyond the last statistic. */
  tailScale: z.number().positive(),
});

/** See {@link curveSchema}. */
export type Curve = z.infer<typeof curveSchema>;

/** Shape of the generalised Pareto tail, and the share of samples that it is fitted to. */
export const tailShape = 0.1;
export const tailShare = 0.02;
const knots = 200;

/**
 * Fit a curve to benign statistics that the model was not trained on; split conformal, with a generalised Pareto tail.
 *
 * @param values - are sorted in place; at least 7
 */
export const fitCurve = (values: Float64Array): Curve => {
  const sorted = values.sort();
  const samples = sorted.length;
  const tail = Math.max(5, Math.floor(samples * tailShare));
  const end = samples - tail;
  const statistics: number[] = [];
  const surprises: number[] = [];
  for (let knot = 0; knot <= knots; knot++) {
    // Knots crowd towards the tail, where decisions are made.
    const rank = Math.min(end, Math.round(end * (1 - (1 - knot / knots) ** 2)));
    const statistic = sorted[rank]!;
    // Of equal statistics the first stands: its p-value counts all of them as at least as strange.
    if (statistics.length > 0 && statistic <= statistics.at(-1)!) continue;
    statistics.push(statistic);
    surprises.push(-Math.log10((samples - rank + 1) / (samples + 1)));
  }
  const threshold = statistics.at(-1)!;
  let excess = 0;
  for (let i = end; i < samples; i++) excess += sorted[i]! - threshold;
  const tailScale = Math.max((excess / tail) * (1 - tailShape), 1e-3);
  return { samples, statistics, surprises, tailScale };
};

/** A curve made ready for look-ups. */
export interface ReadyCurve {
  readonly statistics: Float64Array;
  readonly surprises: Float64Array;
  readonly tailScale: number;
}

export const readyCurve = ({ statistics, surprises, tailScale }: Omit<Curve, 'samples'>): ReadyCurve => ({
  statistics: Float64Array.from(statistics),
  surprises: Float64Array.from(surprises),
  tailScale,
});

/** −log10 of the p-value of a statistic, 0 and up. */
export const surpriseAt = (
  { statistics, surprises, tailScale }: ReadyCurve,
  statistic: number,
  shape = tailShape,
): number => {
  const last = statistics.length - 1;
  if (statistic <= statistics[0]!) return 0;
  if (statistic >= statistics[last]!)
    return surprises[last]! + Math.log10(1 + (shape * (statistic - statistics[last]!)) / tailScale) / shape;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (statistics[middle]! <= statistic) low = middle;
    else high = middle;
  }
  const share = (statistic - statistics[low]!) / (statistics[high]! - statistics[low]!);
  return surprises[low]! + share * (surprises[high]! - surprises[low]!);
};
