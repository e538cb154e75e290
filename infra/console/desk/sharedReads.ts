/** Longest time for which an answer is given again, milliseconds: sums over the time up to now grow old by themselves. */
const freshMs = 15_000;

interface Read {
  readonly version: number;
  /** When it was answered; null while it is on its way. */
  at: number | null;
  readonly answer: Promise<unknown>;
}

/** Answers of the archive that pages share: many pages that are told of the same change ask for the same, which is read once. */
export class SharedReads {
  readonly #now: () => number;
  readonly #reads = new Map<string, Read>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Read something, or join whoever has read it since it changed.
   *
   * @param key - what is read
   * @param version - counts up when it may have changed: what was read before is not given then
   * @throws what `read` throws, to each who joined; it is read anew after that
   */
  get<T>(key: string, version: number, read: () => Promise<T>): Promise<T> {
    const now = this.#now();
    for (const [other, { at }] of this.#reads) if (at !== null && now - at >= freshMs) this.#reads.delete(other);
    const known = this.#reads.get(key);
    if (known?.version === version) return known.answer as Promise<T>;
    const answer = read();
    const mine: Read = { version, at: null, answer };
    this.#reads.set(key, mine);
    answer.then(
      () => {
        mine.at = this.#now();
      },
      () => this.#reads.get(key) === mine && this.#reads.delete(key),
    );
    return answer;
  }
}
