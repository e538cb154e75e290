/** A point in time by two clocks, of which the one that is there first counts. */
interface Deadline {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Milliseconds of a clock that nobody can set. */
  readonly steadyAt: number;
}

/**
 * When what is to happen, by key. A deadline is due by the wall clock or by the time that has passed since it was set,
 * whichever is first: a wall clock that jumps back keeps no secret alive, and one that jumps forward ends it early.
 */
export class Deadlines {
  readonly #byKey = new Map<string, Deadline>();
  readonly #now: () => number;
  readonly #steadyNow: () => number;

  constructor(now: () => number, steadyNow: () => number = () => performance.now()) {
    this.#now = now;
    this.#steadyNow = steadyNow;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** @param at - epoch milliseconds */
  set(key: string, at: number): void {
    this.#byKey.set(key, { at, steadyAt: this.#steadyNow() + Math.max(0, at - this.#now()) });
  }

  delete(key: string): void {
    this.#byKey.delete(key);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Take out the keys that are due. */
  takeDue(): string[] {
    const now = this.#now();
    const steadyNow = this.#steadyNow();
    const due: string[] = [];
    for (const [key, { at, steadyAt }] of this.#byKey) if (at <= now || steadyAt <= steadyNow) due.push(key);
    for (const key of due) this.#byKey.delete(key);
    return due;
  }
}
