import { z } from 'zod';
import type { AnomalyModel } from '../anomaly/model.ts';
import type { Scorer } from '../anomaly/scorer.ts';
import type { AnomalyScores } from '../anomaly/scores.ts';
import type { StateLayout } from '../anomaly/state.ts';
import { resourceMetrics } from '../features/resource.ts';

/** Name of the file in a model folder that holds what analysts' labels taught; a model without it is as it was trained. */
export const feedbackFile = 'feedback.json';

/**
 * What the correction looks at: a constant, the statistic, the frequency, and each metric's share in the energies, all
 * times the score itself: where nothing is strange, shares mean nothing, and a calm window stays calm.
 */
export const headInputs = [
  'constant',
  'statistic',
  'frequency',
  ...resourceMetrics.map((it) => `${it}.share`),
] as const;

/** A correction of the log-odds of the score, learned from labels. */
export const headSchema = z.strictObject({
  /** One for each of {@link headInputs}. */
  coefficients: z.array(z.number()).length(headInputs.length),
  /** What each coefficient was drawn to zero by. */
  penalty: z.number().positive(),
  /** How far a corrected score falls at most from window to window, log-odds; without it as far as it likes. */
  fall: z.number().positive().optional(),
  /** Windows that it was learned from. */
  learnedFrom: z.strictObject({ malicious: z.number().int(), benign: z.number().int(), background: z.number().int() }),
});

/** See {@link headSchema}. */
export type FeedbackHead = z.infer<typeof headSchema>;

/** Log-odds beyond this count as this. */
const largestLogit = 6;

/** Log-odds of a score, −6 to 6. */
export const logitOf = (score: number): number =>
  Math.max(-largestLogit, Math.min(largestLogit, Math.log(score / (1 - score))));

const places = new Map<string, number>(resourceMetrics.map((metric, i) => [metric, i + 3]));

/** What the correction sees of a row of scores. */
export const headInput = (scores: AnomalyScores, row: number): Float64Array => {
  const x = new Float64Array(headInputs.length);
  x[0] = 1;
  x[1] = scores.statistic[row]!;
  x[2] = scores.frequency[row]!;
  for (const { feature, weight } of scores.contributions(row, Number.POSITIVE_INFINITY)) {
    const place = places.get(feature.slice(0, feature.lastIndexOf('.')));
    if (place !== undefined) x[place]! += weight;
  }
  const score = scores.score[row]!;
  for (let i = 0; i < x.length; i++) x[i]! *= score;
  return x;
};

/** Where the subjects of rows keep what they carry, see {@link applyHead}. */
export interface CarriedRows {
  readonly states: Float32Array;
  /** Floats of a subject's state, and which of them is `held`. */
  readonly layout: Pick<StateLayout, 'size' | 'held'>;
  /** Which state belongs to a row. @default its own number */
  readonly stateRows?: Int32Array;
}

/**
 * Correct scores in place: score′ = σ(max(logit(score) + score · θ·x, what it was a window ago − fall)), six decimals. A
 * corrected score rises at once and falls slowly, so that what lasts is one episode, and not one for each time it crosses a
 * threshold. Severity, frequency and p-value stay what they were, and a subject that is still being learned stays at 0.
 */
export const applyHead = (
  head: FeedbackHead,
  scores: AnomalyScores,
  rows: number,
  { states, layout, stateRows }: CarriedRows,
): void => {
  for (let row = 0; row < rows; row++) {
    if (scores.learning[row] === 1) continue;
    const x = headInput(scores, row);
    let z = logitOf(scores.score[row]!);
    for (let i = 0; i < x.length; i++) z += head.coefficients[i]! * x[i]!;
    if (head.fall !== undefined) {
      // Kept above the least log-odds, so that the zeros of a new subject hold nothing.
      const at = (stateRows ? stateRows[row]! : row) * layout.size + layout.held;
      const held = Math.max(0, z + largestLogit, states[at]! - head.fall * scores.elapsed[row]!);
      states[at] = held;
      z = Math.max(z, held - largestLogit);
    }
    scores.score[row] = Math.round(1e6 / (1 + Math.exp(-z))) / 1e6;
  }
};

type Scoring = Pick<AnomalyModel, 'score' | 'scoreRows'>;

/** A scorer with the correction after it; the scorer itself without one. */
export const withHead = (scorer: Scoring & Pick<Scorer, 'layout'>, head: FeedbackHead | undefined): Scoring => {
  const { layout } = scorer;
  const corrected = async (scoring: Promise<AnomalyScores>, n: number, carried: Omit<CarriedRows, 'layout'>) => {
    const scores = await scoring;
    if (head) applyHead(head, scores, n, { ...carried, layout });
    return scores;
  };
  return {
    score: (vectors, states, times, n, cohorts) =>
      corrected(scorer.score(vectors, states, times, n, cohorts), n, { states }),
    scoreRows: (vectors, vectorRows, states, stateRows, times, n, cohorts) =>
      corrected(scorer.scoreRows(vectors, vectorRows, states, stateRows, times, n, cohorts), n, { states, stateRows }),
  };
};
