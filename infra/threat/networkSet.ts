import type { Network } from './address.ts';

/** A network in a {@link NetworkSet}. */
export interface NetworkEntry extends Network {
  /** 0 to 100. */
  readonly confidence: number;
  /** First moment at which it counts no longer, epoch milliseconds. */
  readonly validUntil: number;
}

/**
 * Networks of one family, to be looked up by address.
 *
 * Networks either hold each other or have nothing in common. So, in order of first address and length, the last one
 * that begins at or before an address is the innermost that may hold it, and all others that do are among those which
 * hold that one: a binary search and a walk to the root. Typed arrays keep a network in 21 bytes (IPv4).
 */
export class NetworkSet {
  /** Words of an address: 1 for IPv4, 4 for IPv6. */
  readonly #width: number;
  #size = 0;
  #words: Uint32Array;
  #prefixes: Uint8Array;
  #confidences: Uint8Array;
  #ends: Float64Array;
  /** Index of the network that holds this one most closely; -1 where none does. */
  #holders: Int32Array;

  constructor(width: 1 | 4, capacity = 64) {
    this.#width = width;
    this.#words = new Uint32Array(capacity * width);
    this.#prefixes = new Uint8Array(capacity);
    this.#confidences = new Uint8Array(capacity);
    this.#ends = new Float64Array(capacity);
    this.#holders = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Add a network; they must come in order of first address, wide before narrow. Of one network twice the more
   * confident counts, with the later end where they are equally sure.
   *
   * @throws {RangeError} for one that is out of order
   */
  add({ words, prefix, confidence, validUntil }: NetworkEntry): void {
    const last = this.#size - 1;
    if (last >= 0) {
      const order = this.#compare(last, words) || this.#prefixes[last]! - prefix;
      if (order > 0) throw new RangeError(`Network number ${this.#size} is out of order`);
      if (order === 0) {
        const same = confidence === this.#confidences[last];
        if (confidence > this.#confidences[last]! || (same && validUntil > this.#ends[last]!)) {
          this.#confidences[last] = confidence;
          this.#ends[last] = validUntil;
        }
        return;
      }
    }
    if (this.#size === this.#prefixes.length) this.#grow();
    let holder = last;
    while (holder >= 0 && !this.#holds(holder, words)) holder = this.#holders[holder]!;
    const at = this.#size++;
    this.#words.set(words, at * this.#width);
    this.#prefixes[at] = prefix;
    this.#confidences[at] = confidence;
    this.#ends[at] = validUntil;
    this.#holders[at] = holder;
  }

  /**
   * Networks that hold an address and count at a time, the narrowest first.
   *
   * @param words - of the address, as many as the set's networks have
   * @param atMs - epoch milliseconds
   */
  find(words: readonly number[], atMs: number, visit: (entry: NetworkEntry) => void): void {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, words) <= 0) low = middle + 1;
      else high = middle;
    }
    for (let at = low - 1; at >= 0; at = this.#holders[at]!)
      if (atMs < this.#ends[at]! && this.#holds(at, words)) visit(this.#entry(at));
  }

  /** All networks in order. */
  *entries(): IterableIterator<NetworkEntry> {
    for (let at = 0; at < this.#size; at++) yield this.#entry(at);
  }

  #entry(at: number): NetworkEntry {
    return {
      words: [...this.#words.subarray(at * this.#width, (at + 1) * this.#width)],
      prefix: this.#prefixes[at]!,
      confidence: this.#confidences[at]!,
      validUntil: this.#ends[at]!,
    };
  }

  /** Below 0 where network `at` begins before the address, above where after. */
  #compare(at: number, words: readonly number[]): number {
    const start = at * this.#width;
    for (let word = 0; word < this.#width; word++) {
      const difference = this.#words[start + word]! - words[word]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #holds(at: number, words: readonly number[]): boolean {
    const start = at * this.#width;
    let bits = this.#prefixes[at]!;
    for (let word = 0; bits > 0; word++, bits -= 32) {
      const difference = this.#words[start + word]! ^ words[word]!;
      if (bits >= 32 ? difference !== 0 : difference >>> (32 - bits) !== 0) return false;
    }
    return true;
  }

  #grow(): void {
    const capacity = this.#prefixes.length * 2;
    const larger = <T extends Uint32Array | Uint8Array | Float64Array | Int32Array>(array: T, to: T): T => {
      to.set(array);
      return to;
    };
    this.#words = larger(this.#words, new Uint32Array(capacity * this.#width));
    this.#prefixes = larger(this.#prefixes, new Uint8Array(capacity));
    this.#confidences = larger(this.#confidences, new Uint8Array(capacity));
    this.#ends = larger(this.#ends, new Float64Array(capacity));
    this.#holders = larger(this.#holders, new Int32Array(capacity));
  }
}
