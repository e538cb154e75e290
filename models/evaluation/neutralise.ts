import { referenceSize } from '../anomaly/reference.ts';
import type { Scorer } from '../anomaly/scorer.ts';
import type { Subject } from '../training/subjects.ts';

/** How explanations hold when what they name is taken away. */
export interface Neutralised {
  /** Windows above the threshold that were looked at. */
  readonly windows: number;
  /** Share of them whose score fell, 0 to 1; scores at their ceiling count as fallen where the statistic fell. */
  readonly scoreFell: number;
  /** Share of them whose statistic fell, 0 to 1. */
  readonly statisticFell: number;
  /** Mean of the score before and after. */
  readonly scoreBefore: number;
  readonly scoreAfter: number;
}

/** Windows back that a feature is neutralised for: as long as what is smoothed remembers. */
const reach = 20;
const windowMs = 10_000;
const ceiling = 0.999_999;

/**
 * Check explanations: in each window whose score is above a threshold, put the feature that moved it most back to its
 * baseline, for this window and the 20 before it, and score again.
 *
 * @param scorer - the scorer
 * @param featureNames - names in the order of the vector
 * @param subjects - with anomalies
 * @param size - floats of a vector
 * @param threshold - such as `moderate`, 0 to 1
 */
export const neutraliseTop = async (
  scorer: Scorer,
  featureNames: readonly string[],
  subjects: readonly Subject[],
  size: number,
  threshold: number,
): Promise<Neutralised> => {
  const { layout } = scorer;
  const sums = { windows: 0, score: 0, statistic: 0, before: 0, after: 0 };
  for (const { windows, vectors } of subjects) {
    const state = new Float32Array(layout.size);
    const history: Float32Array[] = [];
    for (let window = 0; window < windows; window++) {
      history.push(state.slice());
      const row = vectors.slice(window * size, (window + 1) * size);
      const result = await scorer.score(row, state, Float64Array.of((window + 1) * windowMs), 1);
      const score = result.score[0]!;
      if (score <= threshold) continue;
      const top = result.contributions(0, 1)[0];
      const feature = featureNames.indexOf(top?.feature ?? '');
      const from = Math.max(0, window - reach);
      const again = history[from]!.slice();
      const baseline = again[layout.mean + feature]!;
      let other = { score: 1, statistic: result.statistic[0]! };
      for (let at = from; at <= window && feature >= 0; at++) {
        // The measure stays: by what the subject is judged is not what is asked.
        again.set(history[at]!.subarray(layout.reference, layout.reference + referenceSize), layout.reference);
        const vector = vectors.slice(at * size, (at + 1) * size);
        if (Number.isFinite(vector[feature]!)) vector[feature] = baseline;
        const repeated = await scorer.score(vector, again, Float64Array.of((at + 1) * windowMs), 1);
        other = { score: repeated.score[0]!, statistic: repeated.statistic[0]! };
      }
      const fell = other.statistic < result.statistic[0]!;
      sums.windows++;
      sums.statistic += fell ? 1 : 0;
      sums.score += other.score < score || (score >= ceiling && fell) ? 1 : 0;
      sums.before += score;
      sums.after += other.score;
    }
  }
  const share = (sum: number): number => sum / Math.max(1, sums.windows);
  return {
    windows: sums.windows,
    scoreFell: share(sums.score),
    statisticFell: share(sums.statistic),
    scoreBefore: share(sums.before),
    scoreAfter: share(sums.after),
  };
};
