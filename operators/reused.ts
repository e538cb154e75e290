/** More objects than this are let go once the burst that needed them is through. */
const kept = 4096;

/**
 * Objects that are used again for each batch: what every window needs by the thousand is then no garbage. What
 * {@link next} gave is valid until {@link begin}, that is, until the batch has left the chain.
 *
 * @example
 * const events = new Reused(() => ({ subject: '', at: Number.NaN }));
 * events.begin();
 * const event = events.next();
 */
export class Reused<T> {
  readonly #make: () => T;
  readonly #items: T[] = [];
  #used = 0;

  /** @param make - numbers that may have fractions or be large begin as NaN, so that they are kept as such */
  constructor(make: () => T) {
    this.#make = make;
  }

  /** All objects are free again. */
  begin(): void {
    this.#used = 0;
    if (this.#items.length > kept) this.#items.length = kept;
  }

  /** One that is free, with the values that it had last. */
  next(): T {
    let item = this.#items[this.#used];
    if (item === undefined) {
      item = this.#make();
      this.#items.push(item);
    }
    this.#used++;
    return item;
  }
}
