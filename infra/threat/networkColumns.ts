import type { NetworkEntry, NetworkSet } from './networkSet.ts';

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

  /** Add all of them to a set, in its order. */
  addTo(set: NetworkSet): void {
    const width = this.#width;
    const words = this.#words;
    const prefixes = this.#prefixes;
    const order = Uint32Array.from({ length: this.#size }, (_, at) => at).sort((a, b) => {
      for (let word = 0; word < width; word++) {
        const difference = words[a * width + word]! - words[b * width + word]!;
        if (difference !== 0) return difference;
      }
      return prefixes[a]! - prefixes[b]!;
    });
    for (const at of order)
      set.add({
        words: [...words.subarray(at * width, (at + 1) * width)],
        prefix: prefixes[at]!,
        confidence: this.#confidences[at]!,
        validUntil: this.#ends[at]!,
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
