import type { Person } from '../../../models/biometric/index.ts';
import { decodePerson, encodePerson } from '../../../models/biometric/personFile.ts';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Baseline } from '../../../schemas/generated/index.ts';
import type { Logger } from '../../log.ts';
import type { UserKeys } from '../../vault/userKeys.ts';

/** Persons that lie open in memory, some 130 KB each at most; all others lie sealed, as Kafka gave them. */
const openPersons = 2_000;

/** What is known of people: baselines out of topic `baselines`, sealed each with its user's own key. */
export class Persons {
  readonly #sealed = new Map<string, { readonly bytes: Buffer; readonly updatedAt: number }>();
  readonly #open = new LastSeen<string, { readonly of: Buffer; readonly person: Person }>(openPersons);
  readonly #keys: UserKeys;
  readonly #log: Logger;

  constructor(keys: UserKeys, log: Logger) {
    this.#keys = keys;
    this.#log = log;
  }

  get size(): number {
    return this.#sealed.size;
  }

  /** Take in a record of the topic; undefined is a tombstone. */
  apply(user: string, baseline: Baseline | undefined): void {
    if (baseline) {
      // Our own writes come back by Kafka, and must not take the place of later ones
      if (baseline.updatedAt > (this.#sealed.get(user)?.updatedAt ?? 0))
        this.#sealed.set(user, { bytes: Buffer.from(baseline.sealed), updatedAt: baseline.updatedAt });
    } else {
      this.#sealed.delete(user);
      this.#open.delete(user);
      this.#keys.forget(user);
    }
  }

  /**
   * What is known of somebody; undefined for whom nothing is known, or was erased, or cannot be read any more.
   *
   * @throws {EbbtideError} what Vault failed with
   */
  async of(user: string): Promise<Person | undefined> {
    const sealed = this.#sealed.get(user)?.bytes;
    if (!sealed) return undefined;
    const known = this.#open.get(user);
    if (known?.of === sealed) return known.person;
    try {
      const bytes = await this.#keys.open(user, sealed);
      if (!bytes) return undefined;
      const person = decodePerson(bytes);
      this.#open.set(user, { of: sealed, person });
      return person;
    } catch (error) {
      if (!isEbbtideError(error, 'STATE_CORRUPT')) throw error;
      this.#log.error({ user, error: error.message }, 'baseline cannot be read: its person is learned anew');
      return undefined;
    }
  }

  /** A baseline as the topic takes it. */
  seal(user: string, person: Person): Promise<Buffer> {
    return this.#keys.seal(user, encodePerson(person));
  }
}
