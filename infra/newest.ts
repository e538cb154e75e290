/** A value, and when it was. */
interface Timed<V> {
  readonly key: string;
  readonly at: number;
  readonly value: V;
}

/**
 * A map that keeps what is newest by its own time, in whatever order it comes: a topic of many partitions is read one
 * partition after another.
 *
 * @example
 * const alerts = new Newest<Alert>(2_000);
 * alerts.set(alert.alertId, alert, alert.at);
 */
export class Newest<V> {
  readonly #entries = new Map<string, Timed<V>>();
  /** The oldest first; of the same time, in the order in which they came. */
  readonly #sorted: Timed<V>[] = [];
  readonly #capacity: number;

  /** @param capacity - entries kept at most, 1 and up */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /**
   * @param at - epoch milliseconds
   * @returns the time of what had to go for it, which may be its own; undefined where there was room
   */
  set(key: string, value: V, at: number): number | undefined {
    const before = this.#entries.get(key);
    if (before) this.#sorted.splice(this.#sorted.indexOf(before, this.#placeOf(before.at)), 1);
    const entry = { key, at, value };
    this.#entries.set(key, entry);
    this.#sorted.splice(this.#placeOf(at + 1), 0, entry);
    if (this.#sorted.length <= this.#capacity) return undefined;
    const oldest = this.#sorted.shift()!;
    this.#entries.delete(oldest.key);
    return oldest.at;
  }

  /** The newest first. */
  values(): V[] {
    return this.#sorted.map(({ value }) => value).reverse();
  }

  /** How many are of before a time, epoch milliseconds. */
  #placeOf(at: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.at < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
