import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { Credential } from '../../schemas/generated/index.ts';

/** Subjects remembered as not registered, and how long nobody waits for them again. */
const missingCapacity = 10_000;
const missingMs = 30_000;

/** The register of credentials as a table, kept from the compacted topic `credentials`. */
export class Register {
  readonly #byId = new Map<string, Credential>();
  readonly #byEntity = new Map<string, Set<string>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #missing = new LastSeen<string, number>(missingCapacity);

  get size(): number {
    return this.#byId.size;
  }

  get(credentialId: string): Credential | undefined {
    return this.#byId.get(credentialId);
  }

  /** All that were issued to one entity and have not ended. */
  ofEntity(entityId: string): readonly Credential[] {
    const ids = this.#byEntity.get(entityId) ?? [];
    return [...ids].flatMap((id) => this.#byId.get(id) ?? []).filter((credential) => credential.status !== 'ended');
  }

  /** Every credential, those that have ended too. */
  all(): IterableIterator<Credential> {
    return this.#byId.values();
  }

  /** Take a record in; undefined is a tombstone. */
  apply(credentialId: string, credential: Credential | undefined): void {
    const before = this.#byId.get(credentialId);
    if (before?.entityId && before.entityId !== credential?.entityId) {
      const ids = this.#byEntity.get(before.entityId);
      ids?.delete(credentialId);
      if (ids?.size === 0) this.#byEntity.delete(before.entityId);
    }
    if (!credential) {
      this.#byId.delete(credentialId);
      return;
    }
    this.#byId.set(credentialId, credential);
    if (credential.entityId) {
      const ids = this.#byEntity.get(credential.entityId) ?? new Set();
      this.#byEntity.set(credential.entityId, ids.add(credentialId));
    }
    for (const wake of this.#waiting.get(credentialId) ?? []) wake();
  }

  /**
   * The credential, waiting a while for it: its registration and the first decision come by different topics. One that
   * was waited for in vain is not waited for again soon, so that strangers cannot hold up everybody else.
   *
   * @param waitMs - milliseconds, 0 and up
   */
  async find(credentialId: string, waitMs: number): Promise<Credential | undefined> {
    const found = this.#byId.get(credentialId);
    if (found || waitMs === 0) return found;
    const missedAt = this.#missing.get(credentialId);
    if (missedAt !== undefined && performance.now() - missedAt < missingMs) return undefined;
    const waiting = this.#waiting.get(credentialId) ?? new Set();
    this.#waiting.set(credentialId, waiting);
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(credentialId);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      waiting.add(wake);
    });
    if (!this.#byId.has(credentialId)) this.#missing.set(credentialId, performance.now());
    return this.#byId.get(credentialId);
  }
}
