import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import { TokenBucket } from '../../operators/actuate/tokenBucket.ts';
import { Problem } from './problem.ts';

/** Callers remembered at most: one that is forgotten begins with a full bucket. */
const callers = 10_000;

/** Limits how often each caller may ask. */
export class RateLimit {
  readonly #buckets = new LastSeen<string, TokenBucket>(callers);
  readonly #limits: { readonly perSecond: number; readonly burst: number };

  constructor(limits: { readonly perSecond: number; readonly burst: number }) {
    this.#limits = limits;
  }

  /**
   * @param caller - whom to count
   * @param nowMs - a clock that does not go back, milliseconds
   * @throws {Problem} 429
   */
  take(caller: string, nowMs: number): void {
    const bucket = this.#buckets.get(caller) ?? new TokenBucket(this.#limits, nowMs);
    this.#buckets.set(caller, bucket);
    if (!bucket.tryTake(nowMs))
      throw new Problem(429, 'rate-limited', `More than ${this.#limits.perSecond} requests a second; slow down`, {
        retryAfterS: 1,
      });
  }
}
