import { createHash } from 'node:crypto';

/** What a reservoir holds of a subject. */
export interface Extent {
  readonly subject: string;
  /** Place in the order by which subjects are chosen: uniform in [0, 1), from the seed and the name alone. */
  readonly rank: number;
  firstMs: number;
  lastMs: number;
  samples: number;
}

/** Uniform in [0, 1) from a seed and a name: the same in whatever order names come. */
export const rankOf = (seed: number, name: string): number =>
  createHash('sha256').update(`${seed}\0${name}`).digest().readUIntBE(0, 6) / 2 ** 48;

/**
 * A uniform sample of subjects out of a stream of any length: those of the lowest ranks (bottom-k sampling, Cohen and
 * Kaplan 2007). Memory is bounded by its capacity, and the sample does not depend on the order of the stream.
 */
export class SubjectReservoir {
  readonly capacity: number;
  readonly #seed: number;
  readonly #extents = new Map<string, Extent>();
  #highest: Extent | undefined;
  /** Reports of subjects that are not in the sample. */
  refused = 0;

  /** @param capacity subjects kept, 1 and up */
  constructor(capacity: number, seed: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`capacity must be a whole number, 1 and up, got ${capacity}`);
    this.capacity = capacity;
    this.#seed = seed;
  }

  /** Take note of samples of a subject. */
  see(subject: string, firstMs: number, lastMs: number, samples: number): void {
    const known = this.#extents.get(subject);
    if (known) {
      known.firstMs = Math.min(known.firstMs, firstMs);
      known.lastMs = Math.max(known.lastMs, lastMs);
      known.samples += samples;
      return;
    }
    const rank = rankOf(this.#seed, subject);
    if (this.#extents.size >= this.capacity) {
      this.refused++;
      // Ranks in the sample only ever fall: whoever was refused or put out could never come back.
      this.#highest ??= this.#findHighest();
      if (rank >= this.#highest.rank) return;
      this.#extents.delete(this.#highest.subject);
      this.#highest = undefined;
    } else this.#highest = undefined;
    this.#extents.set(subject, { subject, rank, firstMs, lastMs, samples });
  }

  /** The sample, by rank. */
  extents(): Extent[] {
    return [...this.#extents.values()].sort((a, b) => a.rank - b.rank);
  }

  #findHighest(): Extent {
    let highest: Extent | undefined;
    for (const extent of this.#extents.values()) if (!highest || extent.rank > highest.rank) highest = extent;
    return highest!;
  }
}
