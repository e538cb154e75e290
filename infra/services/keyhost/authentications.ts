import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import type { Authentication, Decision } from '../../../schemas/generated/index.ts';

/** Authentications, and cuts of keys, remembered at most. */
const remembered = 200_000;
/** Keys that have ended are denied this much longer at most, milliseconds of event time. */
const pruneEveryMs = 3_600_000;

/** A key that is to be refused though it has not ended. */
export interface DeniedKey {
  /** Key id of an SSH certificate, `jti` of a token. */
  readonly credentialId: string;
  /** Empty for a key that the key host does not know any more. */
  readonly serial: string;
  /** Epoch milliseconds; afterwards it needs no denying. */
  readonly expiresAt: number;
}

/** How authentications were decided, and how keys were cut since, kept from the topics of both. */
export class Authentications {
  readonly #byRequest = new LastSeen<string, Authentication>(remembered);
  readonly #byKey = new LastSeen<string, Authentication>(remembered);
  readonly #bySession = new LastSeen<string, Authentication>(remembered);
  readonly #batches = new LastSeen<string, string>(remembered);
  readonly #cuts = new LastSeen<string, Decision>(remembered);
  /** Not with the rest: however many sign in meanwhile, a key that was cut is denied until it ends. */
  readonly #denied = new Map<string, DeniedKey>();
  #prunedAt = 0;

  decided(record: Authentication): void {
    // What is written comes back by Kafka, and must not undo what came of it since
    if (record.serial === '' && this.#byRequest.get(record.requestId)) return;
    this.#byRequest.set(record.requestId, record);
    this.#byKey.set(record.credentialId, record);
    if ((this.#bySession.get(record.session)?.decidedAt ?? 0) <= record.decidedAt)
      this.#bySession.set(record.session, record);
    if (this.#denied.has(record.credentialId)) this.#deny(record);
    if (record.batchDigest !== '') this.#batches.set(record.batchDigest, record.requestId);
  }

  /** Take in a decision; only those of the keylife pipeline that are enforced count. */
  cut(decision: Decision): void {
    const { pipeline, mode, withheld, action, subject, windowEnd, oldTtlMs } = decision;
    if (pipeline !== 'keylife' || mode !== 'enforce' || withheld !== '' || action !== 'revoke') return;
    if ((this.#cuts.get(subject)?.windowEnd ?? 0) <= windowEnd) this.#cuts.set(subject, decision);
    this.#deny(this.#byKey.get(subject) ?? { credentialId: subject, serial: '', expiresAt: windowEnd + oldTtlMs });
    if (windowEnd < this.#prunedAt + pruneEveryMs) return;
    this.#prunedAt = windowEnd;
    this.#prune(windowEnd);
  }

  byRequest(requestId: string): Authentication | undefined {
    return this.#byRequest.get(requestId);
  }

  byKey(credentialId: string): Authentication | undefined {
    return this.#byKey.get(credentialId);
  }

  /** The key that a session got last. */
  lastOf(session: string): Authentication | undefined {
    return this.#bySession.get(session);
  }

  cutOf(credentialId: string): Decision | undefined {
    return this.#cuts.get(credentialId);
  }

  /** Keys that were cut and have not ended. @param now - epoch milliseconds */
  denied(now: number): readonly DeniedKey[] {
    this.#prune(now);
    return [...this.#denied.values()];
  }

  /** Whether a batch was part of another authentication. */
  usedElsewhere(batchDigest: string, requestId: string): boolean {
    const by = this.#batches.get(batchDigest);
    return by !== undefined && by !== requestId;
  }

  #deny({ credentialId, serial, expiresAt }: DeniedKey): void {
    this.#denied.set(credentialId, { credentialId, serial, expiresAt });
  }

  #prune(now: number): void {
    for (const [name, { expiresAt }] of this.#denied) if (expiresAt <= now) this.#denied.delete(name);
  }
}
