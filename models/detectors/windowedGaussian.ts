import type { Detector } from './detector.ts';
import { normalTail } from './normal.ts';

/** Rows of the window, and how many it slides at a time: NAB's own. */
const size = 6400;
const step = 100;

/** One metric's window. */
class SlidingNormal {
  readonly #values = new Float64Array(size + step);
  #count = 0;
  #inWindow = 0;
  #mean = 0;
  #squares = 0;

  score(value: number): number {
    const spread = this.#inWindow > 0 ? Math.sqrt(this.#squares / this.#inWindow) || 0.000001 : 1;
    const score = this.#inWindow > 0 ? 1 - normalTail(Math.abs(value - this.#mean) / spread) : 0;
    this.#values[this.#count++] = value;
    if (this.#inWindow < size) this.#add(value);
    else if (this.#count === size + step) this.#slide();
    return score;
  }

  #slide(): void {
    this.#values.copyWithin(0, step);
    this.#count = size;
    this.#inWindow = 0;
    this.#mean = 0;
    this.#squares = 0;
    for (let i = 0; i < size; i++) this.#add(this.#values[i]!);
  }

  /** Welford's update. */
  #add(value: number): void {
    this.#inWindow++;
    const step = value - this.#mean;
    this.#mean += step / this.#inWindow;
    this.#squares += step * (value - this.#mean);
  }
}

/**
 * NAB's windowed Gaussian: one minus the tail probability of a value under the normal distribution of a sliding window.
 * Of several metrics the strangest counts.
 */
export const windowedGaussian: Detector = {
  summary: 'tail of a normal distribution over a sliding window, as in NAB',
  begin: ({ metrics }) => {
    const windows = Array.from({ length: metrics }, () => new SlidingNormal());
    return { score: (row) => windows.reduce((most, window, i) => Math.max(most, window.score(row[i]!)), 0) };
  },
};
