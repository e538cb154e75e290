import type { WebSession } from '../../../models/evaluation/webBotData.ts';
import type { ScopeModel } from '../../../models/scope/model.ts';
import type { ScopePolicy } from '../../../schemas/scopePolicy.ts';
import { type CallOutcome, CallReplay } from '../replayCalls.ts';

/** What became of one session. */
export interface SessionOutcome {
  readonly session: WebSession;
  /** Statistic of the last window: what sessions are ranked by. */
  readonly statistic: number;
  /** Risk of each window, by its end. */
  readonly risks: readonly { readonly at: number; readonly risk: number }[];
  /** Narrowings: the scope, how many requests had come by then, and when. */
  readonly narrowed: readonly { readonly scope: string; readonly requests: number; readonly at: number }[];
}

/** Send one session through the scope pipeline's chain, as the calls of a frontend credential of its own. */
export const replaySession = async (
  session: WebSession,
  model: ScopeModel,
  policy: ScopePolicy,
): Promise<SessionOutcome> => {
  const replay = new CallReplay({ policy, model });
  const risks: { at: number; risk: number }[] = [];
  const narrowed: { scope: string; requests: number; at: number }[] = [];
  let statistic = 0;
  const note = ({ scores, decisions }: CallOutcome, requests: number) => {
    for (const { risk, windowEnd, statistic: found } of scores) {
      risks.push({ at: windowEnd, risk });
      statistic = found;
    }
    for (const { action, newScope, decidedAt, withheld } of decisions)
      if (action === 'narrow' && withheld === '') narrowed.push({ scope: newScope, requests, at: decidedAt });
  };
  for (const [i, call] of session.calls.entries()) note(await replay.take(call), i + 1);
  note(await replay.finish(), session.calls.length);
  return { session, statistic, risks, narrowed };
};
