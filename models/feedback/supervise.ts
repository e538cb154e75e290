import type { Scorer } from '../anomaly/scorer.ts';
import type { AnomalyScores } from '../anomaly/scores.ts';
import type { FeatureSpec } from '../features/spec.ts';
import type { Thresholds } from '../training/evaluate.ts';
import { replaySubjects } from '../training/replay.ts';
import type { Subject } from '../training/subjects.ts';
import { type FeedbackHead, headInput, headInputs, logitOf } from './head.ts';
import type { JudgedStretch } from './judged.ts';
import { fitLogistic, type Observation } from './logistic.ts';

/** What a correction is learned from. */
export interface Supervision {
  readonly judged: readonly JudgedStretch[];
  /** Highest score of each by the champion, where there is one: what it shows must go on being shown. */
  readonly reached?: readonly number[];
  /** Unlabelled subjects, taken as benign. */
  readonly background: readonly Subject[];
  readonly thresholds: Thresholds;
}

/** Draws each coefficient to zero, as much as so many squared units of it would weigh in the log loss. */
const penalty = 3;
/** Every so many windows of the background are looked at. */
const backgroundEvery = 10;
/** A labelled attack above the high threshold stays above it by this, in log-odds. */
const margin = 0.05;

const malicious = ({ judgement }: JudgedStretch): boolean => judgement.verdict === 'maliciousActivity';

const observe = (scores: AnomalyScores, row: number, y: 0 | 1): Observation => ({
  x: headInput(scores, row),
  offset: logitOf(scores.score[row]!),
  y,
  weight: 1,
});

const logitWith = (theta: Float64Array, { x, offset }: Observation): number =>
  theta.reduce((sum, value, i) => sum + value * x[i]!, offset);

/**
 * Learn a correction of the score from labels: a logistic regression with the score's own log-odds as its offset, drawn
 * to zero, so that few labels change little. Its constant is raised, if need be, until every labelled attack that had
 * reached a threshold still reaches it.
 *
 * @param scorer the model without a correction
 * @returns undefined when there is no labelled attack or no labelled false alarm among what the model scored
 */
export const learnHead = async (
  scorer: Pick<Scorer, 'score' | 'layout'>,
  spec: FeatureSpec,
  { judged, reached, background, thresholds }: Supervision,
): Promise<FeedbackHead | undefined> => {
  const benign: Observation[] = [];
  const calm: Observation[] = [];
  const attacks = new Map<number, { highest: number; windows: Observation[] }>();
  /** Unlabelled windows that raise no alarm are taken as benign; those that do are anybody's guess. */
  const addCalm = (window: number, scores: AnomalyScores, row: number): void => {
    if (window % backgroundEvery !== 0 || scores.score[row]! > thresholds.moderate) return;
    calm.push(observe(scores, row, 0));
  };
  await replaySubjects(scorer, judged, spec.size, (index, window, scores, row) => {
    const stretch = judged[index]!;
    if (scores.learning[row] === 1) return;
    if (window < stretch.judgedFrom) return addCalm(window + index, scores, row);
    const score = scores.score[row]!;
    if (malicious(stretch)) {
      const attack = attacks.get(index) ?? { highest: reached?.[index] ?? 0, windows: [] };
      attacks.set(index, attack);
      attack.highest = Math.max(attack.highest, score);
      attack.windows.push(observe(scores, row, 1));
    } else if (score > thresholds.low) benign.push(observe(scores, row, 0));
  });
  const attacking: Observation[] = [];
  for (const { windows } of attacks.values()) {
    const high = windows.filter(({ offset }) => offset > logitOf(thresholds.low));
    // Of an attack that no window shows, the one that shows it most is known to be part of it; the rest may be calm.
    attacking.push(...(high.length > 0 ? high : windows.toSorted((a, b) => b.offset - a.offset).slice(0, 1)));
  }
  if (benign.length === 0 || attacking.length === 0) return undefined;
  await replaySubjects(scorer, background, spec.size, (index, window, scores, row) => {
    if (scores.learning[row] === 0) addCalm(window + index, scores, row);
  });
  const penalties = new Float64Array(headInputs.length).fill(penalty);
  const theta = fitLogistic([...attacking, ...benign, ...calm], penalties);
  let shift = 0;
  for (const { highest, windows } of attacks.values()) {
    if (!(highest > thresholds.moderate)) continue;
    const target = Math.min(logitOf(highest), logitOf(thresholds.high) + margin);
    // The window that needs least is enough: an attack is shown by any of its windows.
    shift = Math.max(shift, Math.min(...windows.map((it) => (target - logitWith(theta, it)) / it.x[0]!)));
  }
  theta[0]! += shift;
  return {
    coefficients: [...theta],
    penalty,
    learnedFrom: { malicious: attacking.length, benign: benign.length, background: calm.length },
  };
};
