import type { EbbtideError } from './errors.ts';

/** How long refused schema ids are remembered. */
export interface RefusalLimits {
  /** Ids remembered at most; the one not asked for longest goes first. @default 1000 */
  readonly capacity?: number;
  /** How often a refusal is given before it is forgotten. @default 1000 */
  readonly uses?: number;
  /** How long a refusal holds where there is a clock, milliseconds. @default 30,000 */
  readonly forMs?: number;
  /** A clock that does not go back, milliseconds; without one `uses` alone counts. */
  readonly now?: () => number;
}

interface Refusal {
  readonly error: EbbtideError;
  readonly at: number;
  left: number;
}

/**
 * Schema ids that were refused, so that a flood of them does not become a flood of requests: not for ever, as a
 * registry may learn of an id, and not without bound, as anybody can make ids up.
 *
 * @example
 * const refusals = new Refusals({ now: () => performance.now() });
 * refusals.set(9, error);
 * refusals.get(9); // error, for 30 s
 */
export class Refusals {
  readonly #refused = new Map<number, Refusal>();
  readonly #capacity: number;
  readonly #uses: number;
  readonly #forMs: number;
  readonly #now: () => number;

  constructor({ capacity = 1000, uses = 1000, forMs = 30_000, now = () => 0 }: RefusalLimits = {}) {
    this.#capacity = capacity;
    this.#uses = uses;
    this.#forMs = forMs;
    this.#now = now;
  }

  get size(): number {
    return this.#refused.size;
  }

  /** Whether an id is refused at present. */
  has(id: number): boolean {
    const refusal = this.#refused.get(id);
    if (!refusal) return false;
    if (refusal.left > 0 && this.#now() - refusal.at < this.#forMs) return true;
    this.#refused.delete(id);
    return false;
  }

  /** Why an id is refused; counts as one use. */
  get(id: number): EbbtideError | undefined {
    if (!this.has(id)) return undefined;
    const refusal = this.#refused.get(id)!;
    refusal.left--;
    this.#refused.delete(id);
    this.#refused.set(id, refusal);
    return refusal.error;
  }

  set(id: number, error: EbbtideError): void {
    this.#refused.delete(id);
    this.#refused.set(id, { error, at: this.#now(), left: this.#uses });
    if (this.#refused.size > this.#capacity) this.#refused.delete(this.#refused.keys().next().value as number);
  }

  delete(id: number): void {
    this.#refused.delete(id);
  }
}
