/** A change of a subject's TTL. */
export interface TtlStep {
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly ttlMs: number;
}

const mostSteps = 400;

/**
 * How long one subject's credential was valid under one lane's decisions: each grant at a time `t` of a TTL makes it
 * valid until `t + TTL`, whatever was granted before.
 *
 * ```
 * grant 1 h  ├──────────────┤
 * renew 1 h         ├──────────────┤     granted: from the first to the last end, 1.5 h
 * revoke                 ╳               granted: until ╳
 * ```
 */
export class Account {
  readonly #maliciousFrom: number;
  #validUntil = Number.NEGATIVE_INFINITY;
  #accruedTo = Number.NEGATIVE_INFINITY;
  /** Milliseconds granted before and after it was malicious. */
  benignMs = 0;
  maliciousMs = 0;
  revokedAt: number | undefined;
  /** When counting began, undefined before. */
  beganAt: number | undefined;
  /** Changes of the TTL, where they are wanted; the oldest are kept. */
  readonly steps: TtlStep[] | undefined;

  /** @param maliciousFrom - since when the subject was malicious, Infinity for never */
  constructor(maliciousFrom: number, keepSteps: boolean) {
    this.#maliciousFrom = maliciousFrom;
    this.steps = keepSteps ? [] : undefined;
  }

  /**
   * A TTL is granted.
   *
   * @param at - event time
   * @param ttlMs - 0 ends it
   */
  grant(at: number, ttlMs: number): void {
    this.#accrue(Math.min(this.#validUntil, at));
    this.#accruedTo = Math.max(this.#accruedTo, at);
    this.#validUntil = at + ttlMs;
    if (this.steps && this.steps.length < mostSteps) this.steps.push({ at, ttlMs });
  }

  revoke(at: number): void {
    this.grant(at, 0);
    this.revokedAt ??= at;
  }

  /** Count from here on; what was granted before still holds. */
  begin(at: number): void {
    if (this.beganAt !== undefined) return;
    this.beganAt = at;
    this.#accruedTo = Math.max(this.#accruedTo, at);
  }

  /** Count what is left of the last grant. */
  finish(): void {
    this.#accrue(this.#validUntil);
  }

  #accrue(until: number): void {
    const from = this.#accruedTo;
    if (this.beganAt === undefined || !(until > from)) return;
    const turn = Math.min(Math.max(this.#maliciousFrom, from), until);
    this.benignMs += turn - from;
    this.maliciousMs += until - turn;
    this.#accruedTo = until;
  }
}
