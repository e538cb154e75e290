/** A table that is read as of an offset of the topic it is built from. */
export interface Versioned<V> {
  /** The value of a key as of an end offset (exclusive), undefined where there was none. */
  at(key: string, offset: number): V | undefined;
}

interface Version<V> {
  readonly offset: number;
  readonly value: V | undefined;
}

/**
 * A compacted topic's partition as a table with its recent past, so that a join sees what was in force at a place in
 * another topic, however far this one has been read meanwhile.
 *
 * @example
 * table.set('cred-1', 17, facts);
 * table.at('cred-1', 17); // undefined: offset 17 is not before 17
 * table.at('cred-1', 18); // facts
 */
export class VersionedTable<V> implements Versioned<V> {
  readonly #versions = new Map<string, Version<V> | Version<V>[]>();
  readonly #waiting: { offset: number; resolve: () => void }[] = [];
  readonly #forgotten: (value: V) => void;
  /** Offset after the last record that was read. */
  position = 0;

  /** @param forgotten - told of each value that nobody can ask for any more */
  constructor(forgotten: (value: V) => void = () => {}) {
    this.#forgotten = forgotten;
  }

  /** Keys of which something is kept. */
  get size(): number {
    return this.#versions.size;
  }

  /** Add the record of an offset; an undefined value is a tombstone. */
  set(key: string, offset: number, value: V | undefined): void {
    const version = { offset, value };
    const known = this.#versions.get(key);
    if (known === undefined) this.#versions.set(key, version);
    else if (Array.isArray(known)) known.push(version);
    else this.#versions.set(key, [known, version]);
    this.reach(offset + 1);
  }

  at(key: string, offset: number): V | undefined {
    const known = this.#versions.get(key);
    if (known === undefined) return undefined;
    if (!Array.isArray(known)) return known.offset < offset ? known.value : undefined;
    for (let i = known.length - 1; i >= 0; i--) if (known[i]!.offset < offset) return known[i]!.value;
    return undefined;
  }

  /**
   * The newest value of a key before an offset that is accepted; undefined where a tombstone is newer. Walks back
   * through what is kept of the key's past: after compaction only its last record is.
   */
  lastAt(key: string, offset: number, accept: (value: V) => boolean): V | undefined {
    const known = this.#versions.get(key);
    const versions = known === undefined ? [] : Array.isArray(known) ? known : [known];
    for (let i = versions.length - 1; i >= 0; i--) {
      const { offset: at, value } = versions[i]!;
      if (at >= offset) continue;
      if (value === undefined || accept(value)) return value;
    }
    return undefined;
  }

  /** The end offset (exclusive) from which on a key has a value that is accepted; undefined where it never has. */
  firstOf(key: string, accept: (value: V) => boolean): number | undefined {
    const known = this.#versions.get(key);
    const versions = known === undefined ? [] : Array.isArray(known) ? known : [known];
    const first = versions.find(({ value }) => value !== undefined && accept(value));
    return first && first.offset + 1;
  }

  /** All keys with their values as of an offset. */
  *entries(offset: number): IterableIterator<[string, V]> {
    for (const key of this.#versions.keys()) {
      const value = this.at(key, offset);
      if (value !== undefined) yield [key, value];
    }
  }

  keys(): IterableIterator<string> {
    return this.#versions.keys();
  }

  /** Every version that is kept, oldest first for each key, as {@link set} takes it. */
  *versions(): IterableIterator<[key: string, offset: number, value: V | undefined]> {
    for (const [key, known] of this.#versions)
      for (const { offset, value } of Array.isArray(known) ? known : [known]) yield [key, offset, value];
  }

  /** Forget what nobody asks for any more: versions that were replaced before an offset. */
  prune(offset: number): void {
    for (const [key, known] of this.#versions) {
      if (!Array.isArray(known)) {
        if (known.value === undefined && known.offset < offset) this.#versions.delete(key);
        continue;
      }
      let first = known.length - 1;
      while (first > 0 && known[first]!.offset >= offset) first--;
      const kept = known.slice(first);
      for (const { value } of known.slice(0, first)) if (value !== undefined) this.#forgotten(value);
      if (kept.length === 1 && kept[0]!.value === undefined && kept[0]!.offset < offset) this.#versions.delete(key);
      else this.#versions.set(key, kept.length === 1 ? kept[0]! : kept);
    }
  }

  /** Resolves once everything before an offset was read; undefined where it was already. */
  reached(offset: number): Promise<void> | undefined {
    if (offset <= this.position) return undefined;
    return new Promise((resolve) => this.#waiting.push({ offset, resolve }));
  }

  /** Say that everything before an offset was read, though its last records may have been compacted away. */
  reach(offset: number): void {
    this.position = Math.max(this.position, offset);
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]!.offset <= this.position) this.#waiting.splice(i, 1)[0]!.resolve();
    }
  }
}
