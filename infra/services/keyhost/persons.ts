import type { Person } from '../../../models/biometric/index.ts';
import { decodePerson, encodePerson } from '../../../models/biometric/personFile.ts';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Baseline } from '../../../schemas/generated/index.ts';
import type { BytesOnDisk, Kept } from '../../bytesOnDisk.ts';
import { Problem } from '../../http/problem.ts';
import type { PersonCounts } from '../../jobs/personMetrics.ts';
import type { Logger } from '../../log.ts';
import { headOf, type UserKeys } from '../../vault/userKeys.ts';

/** What {@link Persons} works with. */
export interface PersonsParts {
  readonly keys: UserKeys;
  readonly log: Logger;
  /** Takes the sealed baselines of everybody. */
  readonly disk: BytesOnDisk;
  /** People who lie open in memory at most: the longest unasked leaves first. */
  readonly openPersons: number;
}

/**
 * What is known of people: baselines out of topic `baselines`, sealed each with its user's own key. They lie on the disk;
 * those that were asked for last lie open in memory.
 */
export class Persons {
  readonly #sealed = new Map<string, { readonly kept: Kept; readonly updatedAt: number }>();
  readonly #open: LastSeen<string, { readonly of: Kept; readonly person: Person }>;
  /** What persons were opened from. */
  readonly #from = new WeakMap<Person, { readonly kept: Kept; readonly head: Buffer }>();
  readonly #parts: PersonsParts;

  constructor(parts: PersonsParts) {
    this.#parts = parts;
    this.#open = new LastSeen(parts.openPersons);
  }

  get counts(): PersonCounts {
    const { size: diskBytes, held: heldBytes } = this.#parts.disk;
    return { known: this.#sealed.size, open: this.#open.size, diskBytes, heldBytes };
  }

  /** Take in a record of the topic; undefined is a tombstone. */
  apply(user: string, baseline: Baseline | undefined): void {
    const { disk, keys } = this.#parts;
    const before = this.#sealed.get(user);
    if (baseline) {
      // Our own writes come back by Kafka, and must not take the place of later ones
      if (baseline.updatedAt <= (before?.updatedAt ?? 0)) return;
      this.#sealed.set(user, { kept: disk.keep(baseline.sealed), updatedAt: baseline.updatedAt });
    } else {
      this.#sealed.delete(user);
      this.#open.delete(user);
      keys.forget(user);
    }
    if (before) disk.release(before.kept);
  }

  /**
   * What is known of somebody; undefined for whom nothing is known, or was erased, or cannot be read any more.
   *
   * @throws {EbbtideError} what Vault failed with
   */
  async of(user: string): Promise<Person | undefined> {
    const { keys, log, disk } = this.#parts;
    const kept = this.#sealed.get(user)?.kept;
    if (!kept) return undefined;
    const known = this.#open.get(user);
    if (known?.of === kept) {
      this.#open.set(user, known);
      return known.person;
    }
    try {
      const sealed = disk.read(kept);
      const bytes = await keys.open(user, sealed);
      if (!bytes) return undefined;
      const person = decodePerson(bytes);
      this.#from.set(person, { kept, head: headOf(sealed) });
      // Erased or learned of meanwhile, it must not stay
      if (this.#sealed.get(user)?.kept === kept) this.#open.set(user, { of: kept, person });
      return person;
    } catch (error) {
      if (!isEbbtideError(error, 'STATE_CORRUPT')) throw error;
      log.error({ user, error: error.message }, 'baseline cannot be read: its person is learned anew');
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
    const { keys } = this.#parts;
    const from = before && this.#from.get(before);
    const bytes = encodePerson(person);
    const sealed = from ? await keys.reseal(user, bytes, from.head) : await keys.seal(user, bytes);
    if (sealed) return sealed;
    if (this.#sealed.get(user)?.kept === from?.kept) this.apply(user, undefined);
    throw new Problem(503, 'person-erased', 'What was known of the user was erased just now; repeat the request');
  }
}
