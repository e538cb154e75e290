/** Part of a {@link RowTable}: bytes and numbers in typed arrays, so that a million rows cost no garbage collection. */

const firstKeys = 16;
const firstRows = 16;
const firstBytes = 512;
/** Share of slots in use beyond which there are twice as many. */
const fullest = 0.7;
const none = -1;

/** What a row holds beside its credential: numbers that the table gives meaning. */
export interface RowCells {
  readonly service: number;
  readonly profile: number;
  readonly version: number;
}

const grown = <T extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(array: T, length: number): T => {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
};

/**
 * Rows by the bytes of their key, in an open-addressing table; the rows of one key are chained.
 *
 * A key whose rows are gone keeps its bytes until the shard is built anew, which happens when half of its keys are such.
 */
export class Shard {
  /** Number of a key + 1 by slot; 0 is free. */
  #slots = new Int32Array(32);
  #hashes = new Uint32Array(firstKeys);
  #offsets = new Uint32Array(firstKeys);
  #lengths = new Uint16Array(firstKeys);
  #heads = new Int32Array(firstKeys);
  #keys = 0;
  #emptyKeys = 0;
  #bytes = Buffer.alloc(firstBytes);
  #used = 0;
  #services = new Uint16Array(firstRows);
  #profiles = new Uint32Array(firstRows);
  #versions = new Uint32Array(firstRows);
  #nexts = new Int32Array(firstRows);
  #rows = 0;
  #freeRow = none;

  /** The number of a key that has rows, or -1. */
  find(key: Uint8Array, length: number, hash: number): number {
    const found = this.#locate(key, length, hash);
    return found === none || this.#heads[found] === none ? none : found;
  }

  /** The number of a key's row for a service, or -1. */
  rowOf(key: number, service: number): number {
    for (let row = this.#heads[key]!; row !== none; row = this.#nexts[row]!)
      if (this.#services[row] === service) return row;
    return none;
  }

  profileOf(row: number): number {
    return this.#profiles[row]!;
  }

  versionOf(row: number): number {
    return this.#versions[row]!;
  }

  /** Set the row of a key and a service; returns the profile that it had, or -1. */
  set(key: Uint8Array, length: number, hash: number, { service, profile, version }: RowCells): number {
    let number = this.#locate(key, length, hash);
    if (number === none) number = this.#addKey(key, length, hash);
    let row = this.rowOf(number, service);
    const before = row === none ? none : this.#profiles[row]!;
    if (row === none) {
      if (this.#heads[number] === none) this.#emptyKeys--;
      row = this.#newRow();
      this.#services[row] = service;
      this.#nexts[row] = this.#heads[number]!;
      this.#heads[number] = row;
    }
    this.#profiles[row] = profile;
    this.#versions[row] = version;
    return before;
  }

  /** Remove the row of a key and a service; returns the profile that it had, or -1. */
  remove(key: Uint8Array, length: number, hash: number, service: number): number {
    const number = this.#locate(key, length, hash);
    if (number === none) return none;
    let before = none;
    for (let row = this.#heads[number]!; row !== none; before = row, row = this.#nexts[row]!) {
      if (this.#services[row] !== service) continue;
      if (before === none) this.#heads[number] = this.#nexts[row]!;
      else this.#nexts[before] = this.#nexts[row]!;
      this.#nexts[row] = this.#freeRow;
      this.#freeRow = row;
      const profile = this.#profiles[row]!;
      if (this.#heads[number] === none && ++this.#emptyKeys > firstKeys && this.#emptyKeys > this.#keys / 2)
        this.#rebuild();
      return profile;
    }
    return none;
  }

  /** Bytes that its arrays hold. */
  get byteLength(): number {
    return [
      this.#slots,
      this.#hashes,
      this.#offsets,
      this.#lengths,
      this.#heads,
      this.#bytes,
      this.#services,
      this.#profiles,
      this.#versions,
      this.#nexts,
    ].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  #locate(key: Uint8Array, length: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) return none;
      if (this.#hashes[number] === hash && this.#lengths[number] === length && this.#equals(number, key, length))
        return number;
    }
  }

  #equals(number: number, key: Uint8Array, length: number): boolean {
    const offset = this.#offsets[number]!;
    for (let i = 0; i < length; i++) if (this.#bytes[offset + i] !== key[i]) return false;
    return true;
  }

  #addKey(key: Uint8Array, length: number, hash: number): number {
    if (this.#keys + 1 > this.#slots.length * fullest) this.#widen();
    if (this.#keys === this.#hashes.length) {
      const room = more(this.#keys);
      this.#hashes = grown(this.#hashes, room);
      this.#offsets = grown(this.#offsets, room);
      this.#lengths = grown(this.#lengths, room);
      this.#heads = grown(this.#heads, room);
    }
    if (this.#used + length > this.#bytes.length)
      this.#bytes = Buffer.from(
        grown(new Uint8Array(this.#bytes), Math.max(more(this.#used), this.#used + length)).buffer,
      );
    const number = this.#keys++;
    this.#bytes.set(key.subarray(0, length), this.#used);
    this.#hashes[number] = hash;
    this.#offsets[number] = this.#used;
    this.#lengths[number] = length;
    this.#heads[number] = none;
    this.#emptyKeys++;
    this.#used += length;
    this.#place(number, hash);
    return number;
  }

  #place(number: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number + 1;
  }

  #widen(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#keys; number++) this.#place(number, this.#hashes[number]!);
  }

  #newRow(): number {
    if (this.#freeRow !== none) {
      const row = this.#freeRow;
      this.#freeRow = this.#nexts[row]!;
      return row;
    }
    if (this.#rows === this.#services.length) {
      const room = more(this.#rows);
      this.#services = grown(this.#services, room);
      this.#profiles = grown(this.#profiles, room);
      this.#versions = grown(this.#versions, room);
      this.#nexts = grown(this.#nexts, room);
    }
    return this.#rows++;
  }

  /** Forget keys without rows. */
  #rebuild(): void {
    const kept = new Shard();
    for (let number = 0; number < this.#keys; number++) {
      const start = this.#offsets[number]!;
      const length = this.#lengths[number]!;
      const key = this.#bytes.subarray(start, start + length);
      for (let row = this.#heads[number]!; row !== none; row = this.#nexts[row]!)
        kept.set(key, length, this.#hashes[number]!, {
          service: this.#services[row]!,
          profile: this.#profiles[row]!,
          version: this.#versions[row]!,
        });
    }
    this.#slots = kept.#slots;
    this.#hashes = kept.#hashes;
    this.#offsets = kept.#offsets;
    this.#lengths = kept.#lengths;
    this.#heads = kept.#heads;
    this.#keys = kept.#keys;
    this.#emptyKeys = kept.#emptyKeys;
    this.#bytes = kept.#bytes;
    this.#used = kept.#used;
    this.#services = kept.#services;
    this.#profiles = kept.#profiles;
    this.#versions = kept.#versions;
    this.#nexts = kept.#nexts;
    this.#rows = kept.#rows;
    this.#freeRow = kept.#freeRow;
  }
}

/** Growth by a half keeps the spare room small. */
const more = (count: number): number => Math.ceil(count * 1.5) + 8;
