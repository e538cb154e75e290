import { isEbbtideError } from '../../schemas/errors.ts';
import type { Provision } from '../../schemas/generated/index.ts';
import { isPassing } from '../vault/errors.ts';
import { Deadlines } from './deadlines.ts';
import { pairKey } from './names.ts';
import type { PrepareParts } from './prepare.ts';
import type { StoredSecret } from './store.ts';

/** What was destroyed in the store, while its credential is not yet ended, or that not yet written. */
export interface Owed {
  readonly gone: StoredSecret;
  readonly state: 'destroyed' | 'expired';
  /** What was last said of it, where that is known. */
  readonly record: Provision | undefined;
}

/** Keeps in mind what the store tells of no more, until its credential is ended and that is written. */
export class OwedEnds {
  readonly #parts: Pick<PrepareParts, 'now' | 'config'>;
  readonly #end: (owed: Owed) => Promise<void>;
  readonly #owed = new Map<string, Owed>();
  readonly #due: Deadlines;

  /** @param end - ends and writes; it may be called again for what it did half */
  constructor(
    parts: Pick<PrepareParts, 'now' | 'config'> & { readonly steadyNow?: () => number },
    end: (owed: Owed) => Promise<void>,
  ) {
    this.#parts = parts;
    this.#end = end;
    this.#due = new Deadlines(parts.now, parts.steadyNow);
  }

  /** Take one in, and {@link settle} it. */
  add(owed: Owed): Promise<void> {
    const id = `${pairKey(owed.gone.pair)} ${owed.gone.decisionId}`;
    this.#owed.set(id, owed);
    return this.settle(id);
  }

  /** Take out the ids that are to be tried again now. */
  takeDue(): string[] {
    return this.#due.takeDue();
  }

  /** @throws {EbbtideError} what is not likely to pass; it is tried again nevertheless */
  async settle(id: string): Promise<void> {
    const owed = this.#owed.get(id);
    if (!owed) return;
    const { now, config } = this.#parts;
    try {
      await this.#end(owed);
      this.#owed.delete(id);
    } catch (error) {
      const passing = isPassing(error) || isEbbtideError(error, 'KAFKA_UNAVAILABLE');
      this.#due.set(id, now() + (passing ? config.backoffMs : config.maxBackoffMs));
      if (!passing) throw error;
    }
  }
}
