import type { Person } from '../../../models/biometric/index.ts';
import { decodePerson, encodePerson } from '../../../models/biometric/personFile.ts';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Baseline } from '../../../schemas/generated/index.ts';
import { Problem } from '../../http/problem.ts';
import type { Logger } from '../../log.ts';
import type { UserKeys } from '../../vault/userKeys.ts';

/** Persons that lie open in memory, some 130 KB each at most; all others lie sealed, as Kafka gave them. */
const openPersons = 2_000;

/** What is known of people: baselines out of topic `baselines`, sealed each with its user's own key. */
export class Persons {
  readonly #sealed = new Map<string, { readonly bytes: Buffer; readonly updatedAt: number }>();
  readonly #open = new LastSeen<string, { readonly of: Buffer; readonly person: Person }>(openPersons);
  /** What persons were opened from. */
  readonly #from = new WeakMap<Person, Buffer>();
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
      this.#from.set(person, sealed);
      this.#open.set(user, { of: sealed, person });
      return person;
    } catch (error) {
      if (!isEbbtideError(error, 'STATE_CORRUPT')) throw error;
      this.#log.error({ user, error: error.message }, 'baseline cannot be read: its person is learned anew');
      return undefined;
    }
  }

  /**
   * A baseline as the topic takes it.
   *
   * @param before - of whom it was learned; undefined for somebody who is learned anew
   * @throws {Problem} 503 where that person was erased meanwhile: what was known of them must not come back
   * @throws {EbbtideError} what Vault failed with
   */
  async seal(user: string, person: Person, before: Person | undefined): Promise<Buffer> {
    const from = before && this.#from.get(before);
    const bytes = encodePerson(person);
    const sealed = from ? await this.#keys.reseal(user, bytes, from) : await this.#keys.seal(user, bytes);
    if (sealed) return sealed;
    if (this.#sealed.get(user)?.bytes === from) this.apply(user, undefined);
    throw new Problem(503, 'person-erased', 'What was known of the user was erased just now; repeat the request');
  }
}
