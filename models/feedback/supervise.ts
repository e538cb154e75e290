import type { Scorer } from '../anomaly/scorer.ts';
import type { AnomalyScores } from '../anomaly/scores.ts';
import type { FeatureSpec } from '../features/spec.ts';
import type { Thresholds } from '../training/evaluate.ts';
import { replaySubjects } from '../training/replay.ts';
import type { Subject } from '../training/subjects.ts';
import { type FeedbackHead, headInput, headInputs, logitOf } from './head.ts';
import type { JudgedStretch } from './judged.ts';
import type { Observation } from './logistic.ts';
import { type ObservedStretch, settle } from './settle.ts';

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
/** Each judged stretch weighs as much as so many unlabelled windows, however long it is. */
const stretchWeight = 10;
/** A labelled attack above a threshold stays above it by this, in log-odds. */
const margin = 0.2;
/** How far a corrected score falls at most from window to window, log-odds. */
const fall = 0.1;

const malicious = ({ judgement }: JudgedStretch): boolean => judgement.verdict === 'maliciousActivity';

const observe = (scores: AnomalyScores, row: number, y: 0 | 1): Observation => ({
  x: headInput(scores, row),
  offset: logitOf(scores.score[row]!),
  y,
  weight: 1,
});

/**
 * Learn a correction of the score from labels: a logistic regression with the score's own log-odds as its offset, drawn
 * to zero, so that few labels change little; every judged stretch weighs the same. Every labelled attack that had reached a
 * threshold still reaches it; see {@link settle}. What it corrects rises at once and falls slowly.
 *
 * @param scorer the model without a correction
 * @returns undefined when there is no labelled attack or no labelled false alarm among what the model scored, or when
 * nothing that was learned would do better
 */
export const learnHead = async (
  scorer: Pick<Scorer, 'score' | 'layout'>,
  spec: FeatureSpec,
  { judged, reached, background, thresholds }: Supervision,
): Promise<FeedbackHead | undefined> => {
  const calm: Observation[] = [];
  const seen = new Map<number, { highest: number; windows: Observation[] }>();
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
    const one = seen.get(index) ?? { highest: reached?.[index] ?? 0, windows: [] };
    seen.set(index, one);
    one.highest = Math.max(one.highest, score);
    one.windows.push(observe(scores, row, malicious(stretch) ? 1 : 0));
  });
  const { low, moderate, high } = thresholds;
  const inOrder = [...seen].sort(([a], [b]) => a - b);
  const stretches = inOrder.flatMap(([index, { highest, windows }]): ObservedStretch[] => {
    const strange = windows.filter(({ offset }) => offset > logitOf(low));
    if (!malicious(judged[index]!)) return strange.length > 0 ? [{ malicious: false, lessons: strange, windows }] : [];
    // Of an attack that no window shows, the one that shows it most is known to be part of it; the rest may be calm.
    const lessons = strange.length > 0 ? strange : windows.toSorted((a, b) => b.offset - a.offset).slice(0, 1);
    const target = highest > moderate ? logitOf(highest > high ? high : moderate) : undefined;
    return [{ malicious: true, target, lessons, windows }];
  });
  const attacks = stretches.filter((it) => it.malicious);
  const benign = stretches.filter((it) => !it.malicious);
  if (benign.length === 0 || attacks.length === 0) return undefined;
  await replaySubjects(scorer, background, spec.size, (index, window, scores, row) => {
    if (scores.learning[row] === 0) addCalm(window + index, scores, row);
  });
  const penalties = new Float64Array(headInputs.length).fill(penalty);
  const alarm = logitOf(moderate);
  const theta = settle(stretches, { background: calm, penalties, alarm, stretchWeight, margin });
  if (!theta) return undefined;
  const lessons = (of: readonly ObservedStretch[]): number => of.reduce((sum, it) => sum + it.lessons.length, 0);
  return {
    coefficients: [...theta],
    penalty,
    fall,
    learnedFrom: { malicious: lessons(attacks), benign: lessons(benign), background: calm.length },
  };
};
