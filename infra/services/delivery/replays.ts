import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { Problem } from '../../http/problem.ts';

/** Keys remembered at most. */
const capacity = 100_000;

/** Refuses a request whose `Idempotency-Key` was seen before: what it asked for was single-use. Each process remembers its own. */
export class Replays {
  readonly #seen = new LastSeen<string, number>(capacity);
  readonly #rememberMs: number;

  constructor(rememberMs: number) {
    this.#rememberMs = rememberMs;
  }

  /**
   * @param nowMs - a clock that does not go back, milliseconds
   * @throws {Problem} 409
   */
  take(user: string, key: string | undefined, nowMs: number): void {
    if (key === undefined) return;
    if (key.length === 0 || key.length > 128)
      throw new Problem(400, 'request-invalid', 'The Idempotency-Key must have 1 to 128 characters');
    const id = `${user} ${key}`;
    const seenAt = this.#seen.get(id);
    if (seenAt !== undefined && nowMs - seenAt < this.#rememberMs)
      throw new Problem(409, 'request-replayed', 'This request was made before, and what it gave is given once only');
    this.#seen.set(id, nowMs);
  }

  /** Forget a request that came to nothing, so that it can be made again. */
  release(user: string, key: string | undefined): void {
    if (key !== undefined) this.#seen.delete(`${user} ${key}`);
  }
}
