/** A shortened credential that is looked at again, to see whether it stayed short. */
export interface Watched {
  readonly subject: string;
  /** It must not live beyond this, epoch milliseconds; null where `ttlMs` counts from each look. */
  readonly limitExpiresAt: number | null;
  /** TTL in force, milliseconds. */
  readonly ttlMs: number;
  /** Time until the next look, milliseconds; grows with each. */
  readonly intervalMs: number;
  readonly nextAt: number;
}

/** Bounds of a {@link WatchList}. */
export interface WatchListOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly capacity: number;
}

const growth = 1.5;

/**
 * Which credentials are due for another look. Looks grow rarer, but one always falls right after the expiry that was
 * granted, where a credential that is still alive has extended itself. Times are given, never read.
 */
export class WatchList {
  readonly #watched = new Map<string, Watched>();
  readonly #options: WatchListOptions;

  constructor(options: WatchListOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#watched.size;
  }

  get(subject: string): Watched | undefined {
    return this.#watched.get(subject);
  }

  /**
   * Begin, or begin anew.
   *
   * @returns false when the list is full and another had to give way
   */
  watch(subject: string, ttlMs: number, limitExpiresAt: number | null, nowMs: number): boolean {
    this.#watched.delete(subject);
    this.#put({ subject, ttlMs, limitExpiresAt, intervalMs: this.#options.firstMs, nextAt: 0 }, nowMs);
    if (this.#watched.size <= this.#options.capacity) return true;
    this.#watched.delete(this.#watched.keys().next().value as string);
    return false;
  }

  /** A newer decision lets it renew itself up to its TTL again; nothing changes for what is not watched. */
  loosen(subject: string, ttlMs: number, nowMs: number): void {
    const found = this.#watched.get(subject);
    if (found) this.#put({ ...found, ttlMs, limitExpiresAt: null }, nowMs);
  }

  forget(subject: string): void {
    this.#watched.delete(subject);
  }

  /** It was looked at and is as it should be: look again later. */
  keep(subject: string, nowMs: number): void {
    const found = this.#watched.get(subject);
    if (found) this.#put({ ...found, intervalMs: Math.min(found.intervalMs * growth, this.#options.maxMs) }, nowMs);
  }

  /** Those that are due, the most overdue first, at most `limit`. */
  due(nowMs: number, limit: number): readonly Watched[] {
    const due = [...this.#watched.values()].filter((entry) => entry.nextAt <= nowMs);
    return due.sort((a, b) => a.nextAt - b.nextAt).slice(0, limit);
  }

  #put(entry: Watched, nowMs: number): void {
    const next = nowMs + entry.intervalMs;
    const afterExpiry = entry.limitExpiresAt === null ? Number.POSITIVE_INFINITY : entry.limitExpiresAt + 1_000;
    this.#watched.set(entry.subject, { ...entry, nextAt: afterExpiry > nowMs ? Math.min(next, afterExpiry) : next });
  }
}
