import type { SessionState } from '../../models/biometric/session.ts';
import type { KeylifeState } from '../../schemas/generated/index.ts';
import { type BehaviourMemory, newBehaviourMemory } from '../checkBehaviour.ts';

/** Layout of the changelog's records that this code writes and reads. */
export const keylifeStateVersion = 1;

/** One session after a key was issued to it. */
export interface KeySession extends SessionState {
  readonly user: string;
  /** The key that it has now. */
  readonly credentialId: string;
}

/** What one partition of `telemetry.biometric` knows. */
export interface KeylifePartition {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly sessions: Map<string, KeySession>;
  readonly memory: BehaviourMemory;
  /** When users were seen last, epoch milliseconds. */
  readonly seen: Map<string, number>;
  /** Event time, and what is in force of the joined topics. */
  now: number;
  controlOffset: number;
  baselinesOffset: number;
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
  seen: new Map(),
  now: 0,
  controlOffset: 0,
  baselinesOffset: 0,
});

/** A record with nothing in it. */
export const noKeylifeState: KeylifeState = {
  subject: '',
  version: keylifeStateVersion,
  processedOffset: 0,
  controlOffset: 0,
  baselinesOffset: 0,
  time: 0,
  user: '',
  credentialId: '',
  followed: [],
  fingerprints: [],
};

/** The changelog's record of a session or user; undefined where nothing is known of it. */
export const keylifeRecord = (held: KeylifePartition, key: string): KeylifeState | undefined => {
  const name = key.slice(key.indexOf('/') + 1);
  if (key === userKey(name)) {
    const fingerprints = held.memory.fingerprints.get(name);
    return (
      fingerprints && {
        ...noKeylifeState,
        subject: key,
        time: held.seen.get(name) ?? 0,
        fingerprints: [...fingerprints],
      }
    );
  }
  const session = held.sessions.get(name);
  if (!session) return undefined;
  const { user, credentialId, sum, weight, issued, expiresAt, seenAt } = session;
  return {
    ...noKeylifeState,
    subject: key,
    time: held.memory.lastTimes.get(name) ?? 0,
    user,
    credentialId,
    followed: [sum, weight, issued, expiresAt, seenAt],
  };
};

/** Put a record of the changelog in. */
export const loadKeylife = (held: KeylifePartition, { subject, time, ...record }: KeylifeState): void => {
  const name = subject.slice(subject.indexOf('/') + 1);
  if (subject === userKey(name)) {
    held.memory.fingerprints.set(name, [...record.fingerprints]);
    held.seen.set(name, time);
    return;
  }
  const [sum = 0, weight = 0, issued = 0, expiresAt = 0, seenAt = 0] = record.followed;
  const { user, credentialId } = record;
  held.sessions.set(name, { user, credentialId, sum, weight, issued, expiresAt, seenAt });
  if (time > 0) held.memory.lastTimes.set(name, time);
};

/** Forget a session or user. */
export const forgetKeylife = (held: KeylifePartition, key: string): void => {
  const name = key.slice(key.indexOf('/') + 1);
  if (key === userKey(name)) {
    held.memory.fingerprints.delete(name);
    held.seen.delete(name);
    return;
  }
  held.sessions.delete(name);
  held.memory.lastTimes.delete(name);
};
