import { z } from 'zod';
import type { AnomalyModel } from '../anomaly/model.ts';
import type { AnomalyScores } from '../anomaly/scores.ts';
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

/**
 * Correct scores in place: score′ = σ(logit(score) + score · θ·x), six decimals. Severity, frequency and p-value stay what they
 * were, and a subject that is still being learned stays at 0.
 */
export const applyHead = (head: FeedbackHead, scores: AnomalyScores, rows: number): void => {
  for (let row = 0; row < rows; row++) {
    if (scores.learning[row] === 1) continue;
    const x = headInput(scores, row);
    let z = logitOf(scores.score[row]!);
    for (let i = 0; i < x.length; i++) z += head.coefficients[i]! * x[i]!;
    scores.score[row] = Math.round(1e6 / (1 + Math.exp(-z))) / 1e6;
  }
};

type Scoring = Pick<AnomalyModel, 'score' | 'scoreRows'>;

/** A scorer with the correction after it; the scorer itself without one. */
export const withHead = (scorer: Scoring, head: FeedbackHead | undefined): Scoring => {
  const corrected = async (scoring: Promise<AnomalyScores>, n: number) => {
    const scores = await scoring;
    if (head) applyHead(head, scores, n);
    return scores;
  };
  return {
    score: (vectors, states, times, n, cohorts) => corrected(scorer.score(vectors, states, times, n, cohorts), n),
    scoreRows: (vectors, vectorRows, states, stateRows, times, n, cohorts) =>
      corrected(scorer.scoreRows(vectors, vectorRows, states, stateRows, times, n, cohorts), n),
  };
};
