import type { Scorer } from '../anomaly/scorer.ts';
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
/** A labelled attack stays this far above the threshold that it had reached, in log-odds. */
const margin = 0.05;

const malicious = ({ judgement }: JudgedStretch): boolean => judgement.verdict === 'maliciousActivity';

/** Half of all weight to either class: analysts see more false alarms than attacks, and an attack that is missed costs more. */
const balanced = (all: readonly Observation[]): Observation[] => {
  const positive = all.filter(({ y }) => y === 1).length;
  const share = positive === 0 ? 0.5 : (all.length - positive) / positive / 2;
  return all.map((one) => ({ ...one, weight: one.y === 1 ? share : 0.5 }));
};

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
  const all: Observation[] = [];
  const attacks = new Map<number, { highest: number; windows: Observation[] }>();
  await replaySubjects(scorer, judged, spec.size, (index, window, scores, row) => {
    const stretch = judged[index]!;
    if (window < stretch.judgedFrom || scores.learning[row] === 1) return;
    const score = scores.score[row]!;
    const seen: Observation = {
      x: headInput(scores, row),
      offset: logitOf(score),
      y: malicious(stretch) ? 1 : 0,
      weight: 1,
    };
    if (malicious(stretch)) {
      const attack = attacks.get(index) ?? { highest: reached?.[index] ?? 0, windows: [] };
      attacks.set(index, attack);
      attack.highest = Math.max(attack.highest, score);
      attack.windows.push(seen);
    } else if (score > thresholds.low) all.push(seen);
  });
  const benign = all.length;
  for (const { windows } of attacks.values()) {
    const high = windows.filter(({ offset }) => offset > logitOf(thresholds.moderate));
    // Of an attack that no window shows, the one that shows it most is known to be part of it; the rest may be calm.
    all.push(...(high.length > 0 ? high : windows.toSorted((a, b) => b.offset - a.offset).slice(0, 1)));
  }
  const positives = all.length - benign;
  if (benign === 0 || positives === 0) return undefined;
  await replaySubjects(scorer, background, spec.size, (index, window, scores, row) => {
    if (scores.learning[row] === 1 || (window + index) % backgroundEvery !== 0) return;
    all.push({
      x: headInput(scores, row),
      offset: logitOf(scores.score[row]!),
      y: 0,
      weight: 1,
    });
  });
  const theta = fitLogistic(balanced(all), new Float64Array(headInputs.length).fill(penalty));
  let shift = 0;
  for (const { highest, windows } of attacks.values())
    for (const threshold of [thresholds.moderate, thresholds.high]) {
      if (!(highest > threshold)) continue;
      const target = logitOf(threshold) + margin;
      // The window that needs least is enough: an attack is shown by any of its windows.
      shift = Math.max(shift, Math.min(...windows.map((it) => (target - logitWith(theta, it)) / it.x[0]!)));
    }
  theta[0]! += shift;
  return {
    coefficients: [...theta],
    penalty,
    learnedFrom: { malicious: positives, benign, background: all.length - benign - positives },
  };
};
