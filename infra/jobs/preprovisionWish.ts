import { hourMs } from '../../models/access/calendar.ts';
import { partsOfPair } from '../../models/access/population.ts';
import type { PreprovisionDecision } from '../../operators/preprovision/batch.ts';
import type { Decision, Provision } from '../../schemas/generated/index.ts';
import { wishRecord } from '../provision/wish.ts';

/**
 * The engine's wish that follows from a decision to be enforced: to prepare, or to take back. None follows from a use or
 * from a window's end: the delivery service and the engine see to these by themselves.
 *
 * @param waitMs that a prepared credential saves, milliseconds
 */
export const wishOf = (
  decision: PreprovisionDecision,
  { decisionId, mode, risk, pipeline }: Decision,
  waitMs: number,
): Provision | undefined => {
  const { action, pair, timeMs, untilMs, reason, weighed } = decision;
  const { user, vm } = partsOfPair(pair);
  const takenBack = action === 'end' && reason !== 'windowEnd';
  if (mode !== 'enforce' || vm === null || (action !== 'prepare' && !takenBack)) return undefined;
  const expectedMs = timeMs + (weighed?.expectedHours ?? Number.POSITIVE_INFINITY) * hourMs;
  return wishRecord({
    wanted: action === 'prepare',
    user,
    vm,
    decisionId,
    windowStart: timeMs,
    windowEnd: untilMs,
    probability: weighed?.chance ?? 0,
    predictedAt: Number.isFinite(expectedMs) ? Math.round(expectedMs) : null,
    waitSavedMs: (weighed?.chance ?? 0) * waitMs,
    exposureMs: (weighed?.unusedMinutes ?? 0) * 60_000,
    risk,
    at: timeMs,
    by: pipeline,
  });
};
