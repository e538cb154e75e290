/**
 * How long a credential had to live, at any time: a list of moments from which on another expiry was known.
 *
 * Between two of them its remaining life falls with the clock, as a tide runs out.
 *
 * @example
 * const life = new Life(1_000);
 * life.set(0, 60_000);
 * life.remainingAt(45_000); // 15000
 */
export class Life {
  /** Pairs of (time, expiry), by time. */
  readonly #pairs: number[] = [];
  readonly #maxPairs: number;

  /** @param maxPairs - changes kept, 1 and up; the oldest go first */
  constructor(maxPairs: number, pairs: readonly number[] = []) {
    this.#maxPairs = maxPairs;
    this.#pairs.push(...pairs);
  }

  /** Pairs of (time, expiry known from then on), epoch milliseconds. */
  get pairs(): readonly number[] {
    return this.#pairs;
  }

  /** From `at` on the credential expires at `expiresAt`; both epoch milliseconds, in any order of arrival. */
  set(at: number, expiresAt: number): void {
    const pairs = this.#pairs;
    let index = pairs.length;
    while (index > 0 && pairs[index - 2]! > at) index -= 2;
    if (index > 0 && pairs[index - 1] === expiresAt) return;
    if (index > 0 && pairs[index - 2] === at) pairs[index - 1] = expiresAt;
    else pairs.splice(index, 0, at, expiresAt);
    if (pairs.length > 2 * this.#maxPairs) pairs.splice(0, 2);
  }

  /**
   * Remaining life at a time, milliseconds.
   *
   * @returns null before the first known expiry
   */
  remainingAt(at: number): number | null {
    const expiresAt = this.expiryAt(at);
    return expiresAt === null ? null : Math.max(0, expiresAt - at);
  }

  /** The expiry that was known at a time; null before the first. */
  expiryAt(at: number): number | null {
    const pairs = this.#pairs;
    for (let index = pairs.length - 2; index >= 0; index -= 2) if (pairs[index]! <= at) return pairs[index + 1]!;
    return null;
  }

  /** Forget what ended before a time; the expiry in force then is kept. */
  prune(before: number): void {
    const pairs = this.#pairs;
    let drop = 0;
    while (drop + 2 < pairs.length && pairs[drop + 2]! <= before) drop += 2;
    if (drop > 0) pairs.splice(0, drop);
  }
}
