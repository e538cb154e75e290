import { map, type OperatorFunction } from 'rxjs';
import type { BehaviourEvent, CheckedBehaviour } from './behaviour.ts';

/** How bursts of a specification are looked at. */
export interface BehaviourCheck {
  /** Faults that the burst shows by itself. */
  faults(features: BehaviourEvent['features']): readonly string[];
  /** What no person does twice; absent where people may. */
  fingerprint?(features: BehaviourEvent['features']): string;
}

/** What is remembered so as to notice replays and disorder; bounded, and plain enough to be kept. */
export interface BehaviourMemory {
  /** By user, the fingerprints of their last bursts, oldest first. */
  readonly fingerprints: Map<string, string[]>;
  /** By session, the time of its last burst. */
  readonly lastTimes: Map<string, number>;
}

/** Make a memory of nothing. */
export const newBehaviourMemory = (): BehaviourMemory => ({ fingerprints: new Map(), lastTimes: new Map() });

/** Fingerprints remembered of a user, and users and sessions remembered at most: the longest unseen is forgotten. */
const fingerprintsKept = 400;
const subjectsKept = 50_000;
/** Bursts of one session may overtake one another by this much, in milliseconds: they end at different times. */
const slackMs = 5_000;

const remember = <T>(memory: Map<string, T>, key: string, value: T): void => {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size > subjectsKept) memory.delete(memory.keys().next().value!);
};

/**
 * Look for what was forged, replayed or made by a script. Nothing is dropped: what has faults is passed on with them.
 *
 * Faults beside those of the checks: `replayed` for a burst that its user made before to the tenth of a millisecond,
 * `disordered` for one that lies before the last of its session, `unknown` for a specification that has no check.
 *
 * @param checks - by specification
 * @param memory - the partition's; is added to
 */
export const checkBehaviour = (
  checks: Readonly<Record<string, BehaviourCheck>>,
  memory: BehaviourMemory,
): OperatorFunction<BehaviourEvent, CheckedBehaviour> =>
  map((event) => {
    const { user, session, time, specification, features } = event;
    const check = Object.hasOwn(checks, specification) ? checks[specification] : undefined;
    if (!check) return { ...event, faults: ['unknown'] };
    const faults = [...check.faults(features)];
    const last = memory.lastTimes.get(session);
    if (last !== undefined && time < last - slackMs) faults.push('disordered');
    remember(memory.lastTimes, session, Math.max(time, last ?? time));
    if (check.fingerprint && faults.length === 0) {
      const fingerprint = `${specification} ${check.fingerprint(features)}`;
      const known = memory.fingerprints.get(user) ?? [];
      if (known.includes(fingerprint)) faults.push('replayed');
      else known.push(fingerprint);
      if (known.length > fingerprintsKept) known.shift();
      remember(memory.fingerprints, user, known);
    }
    return { ...event, faults };
  });
