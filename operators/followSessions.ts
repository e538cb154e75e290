import { map, type OperatorFunction } from 'rxjs';
import type { AssessedBehaviour, FollowedBehaviour } from './behaviour.ts';

/** How sessions are followed; see `models/biometric/session.ts`. */
export type FollowSession<State> = (
  before: State,
  logOdds: number,
  time: number,
  counts: number,
) => { readonly state: State; readonly risk: number; readonly cutTo?: number };

/**
 * Follow each session after its key was issued, and say where the key's life must be cut. What has faults counts as
 * surely an impostor's: in doubt a key is short-lived. What could not be compared and has no fault changes nothing.
 *
 * @param sessions - states by session, begun where keys are issued; updated
 * @param follow - the rule
 */
export const followSessions = <State>(
  sessions: Map<string, State>,
  follow: FollowSession<State>,
): OperatorFunction<AssessedBehaviour, FollowedBehaviour> =>
  map((event) => {
    const before = sessions.get(event.session);
    const faulty = event.faults.length > 0;
    if (before === undefined || (!faulty && Number.isNaN(event.logOdds))) return { ...event, risk: Number.NaN };
    const { state, risk, cutTo } = follow(
      before,
      faulty ? Number.POSITIVE_INFINITY : event.logOdds,
      event.time,
      event.counts,
    );
    sessions.set(event.session, state);
    return { ...event, risk, ...(cutTo === undefined ? {} : { cutTo }) };
  });
