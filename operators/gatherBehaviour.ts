import { mergeMap, type OperatorFunction } from 'rxjs';
import type { BehaviourEvent, CheckedBehaviour, GatheredBehaviour } from './behaviour.ts';

/** Bursts that wait for others, by session and specification; plain enough to be kept. */
export type WaitingBehaviour = Map<string, BehaviourEvent['features'][]>;

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
    const key = `${event.session} ${event.specification}`;
    const bursts = [...(waiting.get(key) ?? []), event.features];
    waiting.delete(key);
    if (bursts.length >= size) return [{ ...event, bursts }];
    waiting.set(key, bursts);
    if (waiting.size > waitingKept) waiting.delete(waiting.keys().next().value!);
    return [];
  });
