import type { Scorer } from '../anomaly/scorer.ts';
import type { AnomalyScores } from '../anomaly/scores.ts';
import type { Subject } from './subjects.ts';

/** Event time of the first window in a replay, and the length of each, ms. */
const firstWindowMs = 1_700_000_000_000;
const windowMs = 10_000;

/** Called for each window of each subject. */
export type ReplayVisitor = (subject: number, window: number, scores: AnomalyScores, row: number) => void;

/** Places of subjects in the rows of a replay, longest first: whoever is still running is then always a prefix. */
export const replayOrder = (subjects: readonly Subject[]): readonly number[] =>
  subjects.map((_, i) => i).sort((a, b) => subjects[b]!.windows - subjects[a]!.windows);

/**
 * Score subjects from their first window on, side by side, as a pipeline would.
 *
 * @param size floats of a feature vector
 */
export const replaySubjects = async (
  scorer: Pick<Scorer, 'score' | 'layout'>,
  subjects: readonly Subject[],
  size: number,
  visit: ReplayVisitor = () => undefined,
): Promise<void> => {
  const order = replayOrder(subjects);
  const states = new Float32Array(subjects.length * scorer.layout.size);
  const vectors = new Float32Array(subjects.length * size);
  const times = new Float64Array(subjects.length);
  const cohorts = order.map((subject) => subjects[subject]!.cohort);
  const longest = subjects[order[0]!]?.windows ?? 0;
  for (let window = 0, running = order.length; window < longest; window++) {
    while (subjects[order[running - 1]!]!.windows <= window) running--;
    for (let row = 0; row < running; row++)
      vectors.set(subjects[order[row]!]!.vectors.subarray(window * size, (window + 1) * size), row * size);
    times.fill(firstWindowMs + (window + 1) * windowMs);
    const scores = await scorer.score(vectors, states, times, running, cohorts);
    for (let row = 0; row < running; row++) visit(order[row]!, window, scores, row);
  }
};
