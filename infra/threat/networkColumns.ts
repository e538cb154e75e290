import type { NetworkEntry, NetworkSet } from './networkSet.ts';

const addedAtOnce = 5_000;
/** 67 million networks; a prefix takes the other 6 bits of 32. */
const indexBits = 26;
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Networks of one family in any order, as columns: what is gathered before it can be put in order. */
export class NetworkColumns {
  readonly #width: number;
  #size = 0;
  #words: Uint32Array;
  #prefixes = new Uint8Array(64);
  #confidences = new Uint8Array(64);
  #ends = new Float64Array(64);

  constructor(width: 1 | 4) {
    this.#width = width;
    this.#words = new Uint32Array(64 * width);
  }

  get size(): number {
    return this.#size;
  }

  push({ words, prefix, confidence, validUntil }: NetworkEntry): void {
    if (this.#size === this.#prefixes.length) this.#grow();
    const at = this.#size++;
    this.#words.set(words, at * this.#width);
    this.#prefixes[at] = prefix;
    this.#confidences[at] = confidence;
    this.#ends[at] = validUntil;
  }

  /** Add all of them to a set, in its order, giving the event loop back now and then. */
  async addTo(set: NetworkSet): Promise<void> {
    const width = this.#width;
    let added = 0;
    for (const at of this.#order()) {
      set.add({
        words: [...this.#words.subarray(at * width, (at + 1) * width)],
        prefix: this.#prefixes[at]!,
        confidence: this.#confidences[at]!,
        validUntil: this.#ends[at]!,
      });
      if (++added % addedAtOnce === 0) await new Promise(setImmediate);
    }
  }

  #order(): Uint32Array {
    const size = this.#size;
    const width = this.#width;
    const words = this.#words;
    const prefixes = this.#prefixes;
    if (width === 1 && littleEndian) {
      // Address, prefix and index as one number each: the engine's own sort is ten times as quick as one that compares
      const keys = new BigUint64Array(size);
      const halves = new Uint32Array(keys.buffer);
      for (let at = 0; at < size; at++) {
        halves[at * 2] = prefixes[at]! * 2 ** indexBits + at;
        halves[at * 2 + 1] = words[at]!;
      }
      keys.sort();
      return Uint32Array.from({ length: size }, (_, at) => halves[at * 2]! % 2 ** indexBits);
    }
    return Uint32Array.from({ length: size }, (_, at) => at).sort((a, b) => {
      for (let word = 0; word < width; word++) {
        const difference = words[a * width + word]! - words[b * width + word]!;
        if (difference !== 0) return difference;
      }
      return prefixes[a]! - prefixes[b]!;
    });
  }

  #grow(): void {
    const capacity = this.#prefixes.length * 2;
    const words = new Uint32Array(capacity * this.#width);
    const prefixes = new Uint8Array(capacity);
    const confidences = new Uint8Array(capacity);
    const ends = new Float64Array(capacity);
    words.set(this.#words);
    prefixes.set(this.#prefixes);
    confidences.set(this.#confidences);
    ends.set(this.#ends);
    [this.#words, this.#prefixes, this.#confidences, this.#ends] = [words, prefixes, confidences, ends];
  }
}
