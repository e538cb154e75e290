/** The last days of a series, to look up what was at the same time before. */
export class TimedHistory {
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #pointers: number[];
  readonly #offsets: readonly number[];
  #count = 0;

  /**
   * @param capacity rows that are kept
   * @param offsets how far back is looked, ms
   */
  constructor(capacity: number, offsets: readonly number[]) {
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#offsets = offsets;
    this.#pointers = offsets.map(() => 0);
  }

  /** Add a row; times must not fall. */
  add(timeMs: number, value: number): void {
    const at = this.#count % this.#times.length;
    this.#times[at] = timeMs;
    this.#values[at] = value;
    this.#count++;
  }

  /**
   * The value that lies an offset before a time: of the last row not after it.
   *
   * @param offset which of the offsets
   * @param timeMs must not fall from call to call
   * @returns NaN where the history does not reach so far
   */
  at(offset: number, timeMs: number): number {
    const wanted = timeMs - this.#offsets[offset]!;
    const capacity = this.#times.length;
    let row = Math.max(this.#pointers[offset]!, this.#count - capacity);
    if (row >= this.#count || this.#times[row % capacity]! > wanted) return Number.NaN;
    while (row + 1 < this.#count && this.#times[(row + 1) % capacity]! <= wanted) row++;
    this.#pointers[offset] = row;
    return this.#values[row % capacity]!;
  }
}
