/** How far tails reach, and what they look like beyond. */
export interface TailOptions {
  /** Values that are remembered. */
  readonly capacity: number;
  /** Share of them that makes the tail. */
  readonly share: number;
  /** Fewest values in the tail. */
  readonly least: number;
  /** Shape ξ of the generalised Pareto distribution beyond the tail's beginning; larger is heavier. */
  readonly shape: number;
}

/**
 * The last values of a stream in order, to say how rare another one is: by rank in the body, by a generalised Pareto
 * distribution in the tails, where ranks end at one over the number of values.
 */
export class RollingReference {
  readonly #options: TailOptions;
  readonly #sorted: Float64Array;
  readonly #ring: Float64Array;
  #count = 0;
  #next = 0;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#sorted = new Float64Array(options.capacity);
    this.#ring = new Float64Array(options.capacity);
  }

  /** Values remembered. */
  get count(): number {
    return this.#count;
  }

  /** First place whose value is at least `value`. */
  #place(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Remember a value, and forget the oldest where there are too many. */
  insert(value: number): void {
    const sorted = this.#sorted;
    const { capacity } = this.#options;
    let to = this.#place(value);
    if (this.#count < capacity) {
      sorted.copyWithin(to + 1, to, this.#count);
      this.#count++;
    } else {
      const from = this.#place(this.#ring[this.#next]!);
      if (from < to) sorted.copyWithin(from, from + 1, to--);
      else sorted.copyWithin(to + 1, to, from);
    }
    sorted[to] = value;
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % capacity;
  }

  /**
   * Share of values at least as large: the p-value of `value` against its past.
   *
   * @returns in (0, 1]; 1 while nothing is remembered
   */
  upper(value: number): number {
    const n = this.#count;
    const k = Math.max(this.#options.least, Math.floor(this.#options.share * n));
    const begin = n - k;
    if (begin > k && value > this.#sorted[begin]!) return this.#tail(value - this.#sorted[begin]!, begin, n, 1);
    return (n - this.#place(value) + 1) / (n + 1);
  }

  /** Share of values at most as large. */
  lower(value: number): number {
    const n = this.#count;
    const k = Math.max(this.#options.least, Math.floor(this.#options.share * n));
    if (n - k > k && value < this.#sorted[k - 1]!) return this.#tail(this.#sorted[k - 1]! - value, 0, k, -1);
    let at = this.#place(value);
    while (at < n && this.#sorted[at] === value) at++;
    return (at + 1) / (n + 1);
  }

  /** Both tails at once. */
  twoSided(value: number): number {
    return Math.min(1, 2 * Math.min(this.upper(value), this.lower(value)));
  }

  #tail(excess: number, from: number, to: number, sign: number): number {
    const sorted = this.#sorted;
    const { shape } = this.#options;
    const k = to - from;
    const edge = sign > 0 ? sorted[from]! : sorted[to - 1]!;
    let sum = 0;
    for (let i = from; i < to; i++) sum += sign * (sorted[i]! - edge);
    // Equal values leave no scale: then the smallest step that counts is one part in a billion.
    const scale = Math.max((1 - shape) * (sum / k), 1e-9 * Math.abs(edge), 1e-12);
    return (k / (this.#count + 1)) * (1 + (shape * excess) / scale) ** (-1 / shape);
  }
}
