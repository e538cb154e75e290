import type { NabSeries } from './nabData.ts';

/** What right and wrong alarms weigh. */
export interface NabProfile {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

/** NAB's three profiles, as its `config/profiles.json` has them. */
export const nabProfiles = {
  standard: { truePositive: 1, falsePositive: 0.11, falseNegative: 1 },
  rewardLowFp: { truePositive: 1, falsePositive: 0.22, falseNegative: 1 },
  rewardLowFn: { truePositive: 1, falsePositive: 0.11, falseNegative: 2 },
} as const satisfies Record<string, NabProfile>;

/** A detector's result under one profile. */
export interface NabResult {
  /** 0 is a detector that says nothing, 100 a perfect one. */
  readonly score: number;
  /** Alarms are at this score or above. */
  readonly threshold: number;
}

const scaledSigmoid = (position: number): number => (position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1);

/** What NAB wrote to its result files: a dozen significant digits. Ties between scores depend on it. */
const asWritten = (score: number): number => Number(score.toPrecision(12));

interface Point {
  readonly score: number;
  /** What an alarm here earns in its window, or costs outside one; without weights. */
  readonly worth: number;
  /** Which labelled window it lies in, or -1. */
  readonly window: number;
}

/**
 * The worth of an alarm at each row after probation: in a window a scaled sigmoid of the position, from nearly 1 at its
 * beginning to 0 at its end; outside, from 0 just after a window down to −1.
 */
export const alarmWorth = (
  series: Pick<NabSeries, 'times' | 'windows'>,
): { worth: Float64Array; window: Int32Array } => {
  const rows = series.times.length;
  const worth = new Float64Array(rows);
  const window = new Int32Array(rows).fill(-1);
  const most = scaledSigmoid(-1);
  let past: readonly [number, number] | undefined;
  let next = 0;
  for (let row = 0; row < rows; row++) {
    const current = series.windows[next];
    if (current && row >= current[0]) {
      const [from, to] = current;
      worth[row] = scaledSigmoid(-(to - row + 1) / (to - from + 1)) / most;
      window[row] = next;
      if (row === to) {
        past = current;
        next++;
      }
    } else worth[row] = past ? scaledSigmoid((row - past[1]) / (past[1] - past[0])) : -1;
  }
  return { worth, window };
};

/**
 * Score a detector as NAB does: one threshold over all series, the best one.
 *
 * @param scores per series one score a row
 * @returns per profile the normalised score, and the threshold at which it is reached
 * @see Lavin and Ahmad, Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark, ICMLA 2015
 */
export const nabScore = (
  series: readonly NabSeries[],
  scores: readonly Float64Array[],
  profile: NabProfile,
): NabResult => {
  const points: Point[] = [];
  let windows = 0;
  series.forEach((it, i) => {
    const { worth, window } = alarmWorth(it);
    for (let row = it.probation; row < worth.length; row++)
      points.push({
        score: asWritten(scores[i]![row]!),
        worth: worth[row]!,
        window: window[row]! < 0 ? -1 : windows + window[row]!,
      });
    windows += it.windows.length;
  });
  points.sort((a, b) => b.score - a.score);
  const found = new Float64Array(windows).fill(-profile.falseNegative);
  let sum = -profile.falseNegative * windows;
  let best = { sum, threshold: Number.POSITIVE_INFINITY };
  points.forEach(({ score, worth, window }, i) => {
    if (window < 0) sum += worth * profile.falsePositive;
    else if (worth * profile.truePositive > found[window]!) {
      sum += worth * profile.truePositive - found[window]!;
      found[window] = worth * profile.truePositive;
    }
    if (points[i + 1]?.score !== score && sum > best.sum) best = { sum, threshold: score };
  });
  const nothing = -profile.falseNegative * windows;
  const perfect = profile.truePositive * windows;
  return { score: (100 * (best.sum - nothing)) / (perfect - nothing), threshold: best.threshold };
};
