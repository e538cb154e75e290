import type { SessionState } from '../../models/biometric/session.ts';
import type { KeylifeState } from '../../schemas/generated/index.ts';
import { type BehaviourMemory, newBehaviourMemory } from '../checkBehaviour.ts';
import type { WaitingBehaviour, WaitingBurst } from '../gatherBehaviour.ts';

/** Layout of the changelog's records that this code writes and reads. */
export const keylifeStateVersion = 1;

/** One session after a key was issued to it. */
export interface KeySession extends SessionState {
  readonly user: string;
  /** The key that it has now. */
  readonly credentialId: string;
}

/** What is in force of the topics and the registry that behaviour is joined with. */
export interface KeylifeJoined {
  readonly controlOffset: number;
  readonly baselinesOffset: number;
  /** Pointer to the models, 0 for the configured one. */
  readonly modelSequence: number;
}

/** What one partition of `telemetry.biometric` knows. */
export interface KeylifePartition extends KeylifeJoined {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly sessions: Map<string, KeySession>;
  readonly memory: BehaviourMemory;
  /** Bursts of sessions that wait until there are enough to be compared. */
  readonly waiting: WaitingBehaviour;
  /** By user, the bursts taken of each of their last batches, by its name, oldest first. */
  readonly batches: Map<string, Map<string, number>>;
  /** When users were seen last, epoch milliseconds. */
  readonly seen: Map<string, number>;
  /** Event time. */
  now: number;
  controlOffset: number;
  baselinesOffset: number;
  modelSequence: number;
}

/** Keys of the changelog. */
export const sessionKey = (session: string): string => `session/${session}`;
export const userKey = (user: string): string => `user/${user}`;

/** A partition that knows nothing. */
export const newKeylifePartition = (topic: string, partition: number): KeylifePartition => ({
  name: 'keylife',
  topic,
  partition,
  sessions: new Map(),
  memory: newBehaviourMemory(),
  waiting: new Map(),
  batches: new Map(),
  seen: new Map(),
  now: 0,
  controlOffset: 0,
  baselinesOffset: 0,
  modelSequence: 0,
});

/** A record with nothing in it. */
export const noKeylifeState: KeylifeState = {
  subject: '',
  version: keylifeStateVersion,
  processedOffset: 0,
  controlOffset: 0,
  baselinesOffset: 0,
  modelSequence: 0,
  time: 0,
  user: '',
  credentialId: '',
  followed: [],
  fingerprints: [],
  waiting: [],
  batches: {},
};

/** The changelog's record of a session or user; undefined where nothing is known of it. */
export const keylifeRecord = (held: KeylifePartition, key: string): KeylifeState | undefined => {
  const name = key.slice(key.indexOf('/') + 1);
  if (key === userKey(name)) {
    const fingerprints = held.memory.fingerprints.get(name);
    const batches = held.batches.get(name);
    if (!fingerprints && !batches) return undefined;
    return {
      ...noKeylifeState,
      subject: key,
      time: held.seen.get(name) ?? 0,
      fingerprints: [...(fingerprints ?? [])],
      batches: Object.fromEntries(batches ?? []),
    };
  }
  const session = held.sessions.get(name);
  const waiting = [...(held.waiting.get(name) ?? [])].flatMap(([specification, bursts]) =>
    bursts.map((burst) => ({ specification, ...burst })),
  );
  if (!session && waiting.length === 0) return undefined;
  return {
    ...noKeylifeState,
    subject: key,
    time: held.memory.lastTimes.get(name) ?? 0,
    user: session?.user ?? waiting[0]!.user,
    credentialId: session?.credentialId ?? '',
    followed: session ? [session.sum, session.weight, session.issued, session.expiresAt, session.seenAt] : [],
    waiting: waiting.map(({ specification, features, sealed }) => ({
      specification,
      sealed: sealed ? Buffer.from(sealed) : null,
      features: sealed ? {} : { ...features },
    })),
  };
};

/**
 * Put a record of the changelog in.
 *
 * @param waiting - the bursts of the record that wait, opened; those of users who were erased are not among them
 */
export const loadKeylife = (
  held: KeylifePartition,
  { subject, time, ...record }: KeylifeState,
  waiting: readonly Omit<WaitingBurst & { readonly specification: string }, 'user'>[] = [],
): void => {
  const name = subject.slice(subject.indexOf('/') + 1);
  if (subject === userKey(name)) {
    held.memory.fingerprints.set(name, [...record.fingerprints]);
    held.batches.set(name, new Map(Object.entries(record.batches)));
    held.seen.set(name, time);
    return;
  }
  const { user, credentialId } = record;
  const [sum = 0, weight = 0, issued = 0, expiresAt = 0, seenAt = 0] = record.followed;
  // Behaviour of a sign-in comes before its key
  if (record.followed.length > 0)
    held.sessions.set(name, { user, credentialId, sum, weight, issued, expiresAt, seenAt });
  if (time > 0) held.memory.lastTimes.set(name, time);
  const bySpecification = new Map<string, WaitingBurst[]>();
  for (const { specification, ...burst } of waiting)
    bySpecification.set(specification, [...(bySpecification.get(specification) ?? []), { user, ...burst }]);
  if (bySpecification.size > 0) held.waiting.set(name, bySpecification);
};

/** Forget a session or user. */
export const forgetKeylife = (held: KeylifePartition, key: string): void => {
  const name = key.slice(key.indexOf('/') + 1);
  if (key === userKey(name)) {
    held.memory.fingerprints.delete(name);
    held.batches.delete(name);
    held.seen.delete(name);
    return;
  }
  held.sessions.delete(name);
  held.memory.lastTimes.delete(name);
  held.waiting.delete(name);
};
