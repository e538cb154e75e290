/**
 * A token bucket: so many a second on the long run, and a burst at once.
 *
 * @example
 * const bucket = new TokenBucket({ perSecond: 100, burst: 20 }, nowMs);
 * bucket.waitMs(nowMs); // 0: go ahead
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  /**
   * @param limits.perSecond - sustained rate, above 0
   * @param limits.burst - how many at once, 1 and up
   * @param nowMs - a clock that does not go back, milliseconds
   */
  constructor(limits: { readonly perSecond: number; readonly burst: number }, nowMs: number) {
    this.#perMs = limits.perSecond / 1000;
    this.#burst = limits.burst;
    this.#level = limits.burst;
    this.#at = nowMs;
  }

  /** Take one and say how long to wait before using it, milliseconds; callers queue up behind each other. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    this.#level -= 1;
    return this.#level >= 0 ? 0 : -this.#level / this.#perMs;
  }

  /** Take one if there is one now. */
  tryTake(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }

  #refill(nowMs: number): void {
    this.#level = Math.min(this.#burst, this.#level + Math.max(0, nowMs - this.#at) * this.#perMs);
    this.#at = Math.max(this.#at, nowMs);
  }
}
