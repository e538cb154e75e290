import type { Score } from '../../schemas/generated/index.ts';
import type { ToldRisk } from './riskGate.ts';

/** A pipeline that goes on saying the same of a user is noted this often, milliseconds of event time. */
const repeatMs = 3_600_000;

/** What of a score says how much of a risk a user is. */
export type SaidRisk = Pick<Score, 'pipeline' | 'windowEnd' | 'risk' | 'learning' | 'role'>;

/**
 * What pipelines last said of a user, with what one says now. Risks count as whole numbers, never less than was said, so
 * that noise makes no news; scores while learning, and of challengers, say nothing.
 *
 * @returns the same object where there is no news
 */
export const withRisk = (before: readonly ToldRisk[], score: SaidRisk): readonly ToldRisk[] => {
  const { pipeline, windowEnd: timeMs } = score;
  if (score.learning || score.role === 'challenger') return before;
  const risk = Math.ceil(score.risk);
  const last = before.find((told) => told.pipeline === pipeline);
  if (last && (timeMs < last.timeMs || (risk === last.risk && timeMs < last.timeMs + repeatMs))) return before;
  return [...before.filter((told) => told !== last), { pipeline, risk, timeMs }];
};
