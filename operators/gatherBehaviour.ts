import { mergeMap, type OperatorFunction } from 'rxjs';
import type { BehaviourEvent, CheckedBehaviour, GatheredBehaviour } from './behaviour.ts';

/** A burst that waits for others. */
export type WaitingBurst = Pick<BehaviourEvent, 'user' | 'features' | 'sealed'>;

/** Bursts that wait for others, oldest first, by session and then specification; plain enough to be kept. */
export type WaitingBehaviour = Map<string, Map<string, readonly WaitingBurst[]>>;

/** Sessions with bursts that wait, at most: the longest unseen is forgotten. */
const waitingKept = 50_000;

/**
 * Gather bursts that tell little one by one, such as single mouse actions, until there are enough to be compared. What has
 * faults does not wait, and takes no other along.
 *
 * @param sizes - bursts to gather, by specification; 1 for those that are not named
 * @param waiting - the partition's; is added to
 */
export const gatherBehaviour = (
  sizes: Readonly<Record<string, number>>,
  waiting: WaitingBehaviour,
): OperatorFunction<CheckedBehaviour, GatheredBehaviour> =>
  mergeMap((event) => {
    const size = Object.hasOwn(sizes, event.specification) ? sizes[event.specification]! : 1;
    if (size <= 1 || event.faults.length > 0) return [{ ...event, bursts: [event.features] }];
    const { user, session, specification, features, sealed } = event;
    const before = waiting.get(session) ?? new Map<string, readonly WaitingBurst[]>();
    const bursts = [...(before.get(specification) ?? []), { user, features, ...(sealed && { sealed }) }];
    // Sessions stand in the order in which they were seen last
    waiting.delete(session);
    const complete = bursts.length >= size;
    if (complete) before.delete(specification);
    else before.set(specification, bursts);
    if (before.size > 0) waiting.set(session, before);
    if (waiting.size > waitingKept) waiting.delete(waiting.keys().next().value!);
    return complete ? [{ ...event, bursts: bursts.map((burst) => burst.features) }] : [];
  });
