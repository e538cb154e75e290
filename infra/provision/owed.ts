import { setTimeout as sleep } from 'node:timers/promises';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Logger } from '../log.ts';
import { isPassing } from '../vault/errors.ts';
import type { ProvisionConfig } from './config.ts';
import { Deadlines } from './deadlines.ts';
import { codeOf } from './notices.ts';

/**
 * Do something that must not be forgotten, such as to end a credential that nobody will use: what fails is tried again.
 *
 * @param id - what it is, such as `end alice/web-1 decision`; what is owed by that name already is tried instead, as it knows how
 *   far it has come
 * @param work - may be called again for what it did half
 * @param untilMs - when it is of no use any more, such as the end of the credential's life, epoch milliseconds
 * @returns once it was tried; it never rejects
 */
export type Owe = (id: string, work: () => Promise<void>, untilMs?: number) => Promise<void>;

/** Where there is nobody to remember it. */
export const tryOnce: Owe = (_, work) => work().catch(() => {});

/** What an {@link Owed} works with. */
export interface OwedParts {
  readonly config: Pick<ProvisionConfig, 'backoffMs' | 'maxBackoffMs'>;
  readonly now: () => number;
  /** A clock that nobody can set, milliseconds. @default performance.now */
  readonly steadyNow?: () => number;
  readonly log: Logger;
}

/** Kept at most; what is beyond is tried once, and ends by its time at Vault. */
const most = 100_000;
const longestFinishMs = 5_000;

/** Keeps in mind what is still to be ended, destroyed or written, until it is done. */
export class Owed {
  readonly #parts: OwedParts;
  readonly #owed = new Map<string, { readonly work: () => Promise<void>; readonly untilMs: number }>();
  readonly #due: Deadlines;

  constructor(parts: OwedParts) {
    this.#parts = parts;
    this.#due = new Deadlines(parts.now, parts.steadyNow);
  }

  get size(): number {
    return this.#owed.size;
  }

  readonly owe: Owe = (id, work, untilMs = Number.POSITIVE_INFINITY) => {
    if (!this.#owed.has(id)) this.#owed.set(id, { work, untilMs });
    return this.settle(id);
  };

  /** Take out the ids that are to be tried again now. */
  takeDue(): string[] {
    return this.#due.takeDue();
  }

  async settle(id: string): Promise<void> {
    const owed = this.#owed.get(id);
    if (!owed) return;
    const { now, config, log } = this.#parts;
    const done = () => this.#owed.get(id) === owed && this.#owed.delete(id);
    if (owed.untilMs <= now()) return void done();
    try {
      await owed.work();
      done();
    } catch (error) {
      const passing = isPassing(error) || isEbbtideError(error, 'KAFKA_UNAVAILABLE');
      log[passing ? 'warn' : 'error']({ owed: id, code: codeOf(error) }, 'not ended yet, and tried again');
      if (this.#owed.size > most) {
        done();
        log.error({ owed: id }, 'too much is to be ended: it ends by its time');
      } else this.#due.set(id, now() + (passing ? config.backoffMs : config.maxBackoffMs));
    }
  }

  /** Try again what is due. */
  async tick(): Promise<void> {
    await Promise.all(this.takeDue().map((id) => this.settle(id)));
  }

  /** Try all of it a last time, for a few seconds at most. */
  async finish(): Promise<void> {
    const late = sleep(longestFinishMs, undefined, { ref: false });
    await Promise.race([late, Promise.all([...this.#owed.keys()].map((id) => this.settle(id)))]);
  }
}
