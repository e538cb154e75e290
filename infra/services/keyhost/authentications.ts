import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import type { Authentication, Decision } from '../../../schemas/generated/index.ts';

/** Authentications, and cuts of keys, remembered at most. */
const remembered = 200_000;

/** How authentications were decided, and how keys were cut since, kept from the topics of both. */
export class Authentications {
  readonly #byRequest = new LastSeen<string, Authentication>(remembered);
  readonly #byKey = new LastSeen<string, Authentication>(remembered);
  readonly #bySession = new LastSeen<string, Authentication>(remembered);
  readonly #batches = new LastSeen<string, string>(remembered);
  readonly #cuts = new LastSeen<string, Decision>(remembered);

  decided(record: Authentication): void {
    // What is written comes back by Kafka, and must not undo what came of it since
    if (record.serial === '' && this.#byRequest.get(record.requestId)) return;
    this.#byRequest.set(record.requestId, record);
    this.#byKey.set(record.credentialId, record);
    if ((this.#bySession.get(record.session)?.decidedAt ?? 0) <= record.decidedAt)
      this.#bySession.set(record.session, record);
    if (record.batchDigest !== '') this.#batches.set(record.batchDigest, record.requestId);
  }

  /** Take in a decision; only those of the keylife pipeline that are enforced count. */
  cut(decision: Decision): void {
    const { pipeline, mode, withheld, action, subject, windowEnd } = decision;
    if (pipeline !== 'keylife' || mode !== 'enforce' || withheld !== '' || action !== 'revoke') return;
    if ((this.#cuts.get(subject)?.windowEnd ?? 0) <= windowEnd) this.#cuts.set(subject, decision);
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

  /** Whether a batch was part of another authentication. */
  usedElsewhere(batchDigest: string, requestId: string): boolean {
    const by = this.#batches.get(batchDigest);
    return by !== undefined && by !== requestId;
  }
}
