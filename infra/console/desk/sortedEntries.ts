/** What is kept in order. */
export interface Keyed {
  readonly id: string;
  readonly key: number;
}

/** A list kept in order of a key, by binary search: for some hundred thousand entries, of which most come at the end. */
export class SortedEntries<T extends Keyed> {
  /** Rising. */
  readonly #list: T[] = [];

  add(entry: T): void {
    this.#list.splice(this.#placeOf(entry.key, entry.id), 0, entry);
  }

  /** Its key must be the one that it was put in under. */
  remove(entry: T): void {
    const index = this.#placeOf(entry.key, entry.id);
    if (this.#list[index] === entry) this.#list.splice(index, 1);
  }

  least(): T | undefined {
    return this.#list[0];
  }

  /** Those that fit, the greatest key first. */
  filter(fits: (entry: T) => boolean): T[] {
    const found: T[] = [];
    for (let index = this.#list.length - 1; index >= 0; index--)
      if (fits(this.#list[index]!)) found.push(this.#list[index]!);
    return found;
  }

  #placeOf(key: number, id: string): number {
    let [low, high] = [0, this.#list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#list[middle]!;
      if (entry.key < key || (entry.key === key && entry.id < id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
