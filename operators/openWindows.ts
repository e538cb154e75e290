import type { TumblingWindows } from './tumblingWindows.ts';

/** Numbers kept for each metric of a window: count, sum, sum of squares, minimum, maximum. */
export const aggregatesPerMetric = 5;

const initialWindows = 512;
/** Beyond this many windows open for one subject, its oldest closes at once: memory stays bounded. */
const mostPerSubject = 4096;

interface Bucket {
  readonly windows: number[];
  /** Guards against rows that were used again. */
  readonly generations: number[];
}

/**
 * The open windows of one partition, with their aggregates in columns. Windows of one subject form a list in order of
 * their start; windows that close at the same time form a bucket, in the order in which they were opened.
 */
export class OpenWindows {
  readonly stride: number;
  aggregates: Float64Array;
  start = new Float64Array(initialWindows);
  end = new Float64Array(initialWindows);
  samples = new Int32Array(initialWindows);
  subject = new Int32Array(initialWindows);
  /** Offset of the first message in the window, and the partition's event time just before it. */
  firstOffset = new Float64Array(initialWindows);
  timeBefore = new Float64Array(initialWindows);
  #next = new Int32Array(initialWindows);
  #generation = new Int32Array(initialWindows);
  #alive = new Uint8Array(initialWindows);
  readonly #free: number[] = [];
  #used = 0;
  readonly #buckets = new Map<number, Bucket>();
  /** Times of the buckets, latest first. */
  readonly #times: number[] = [];

  /** @param metrics - number of metrics in a sample */
  constructor(metrics: number) {
    this.stride = metrics * aggregatesPerMetric;
    this.aggregates = new Float64Array(initialWindows * this.stride);
  }

  get size(): number {
    return this.#used - this.#free.length;
  }

  /** Event time at which the next window closes, or Infinity. */
  get nextClose(): number {
    return this.#times.at(-1) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Find the window of a subject that holds a time, or open it.
   *
   * @param heads - the column that holds each subject's first window
   * @param place - the message that the sample came in, and the partition's event time after and before it
   * @returns the window's row
   */
  locate(
    heads: Int32Array,
    slot: number,
    time: number,
    windows: TumblingWindows,
    closedThrough: number,
    place: { readonly offset: number; readonly now: number; readonly before: number },
  ): number {
    let before = -1;
    let at = heads[slot]!;
    let count = 0;
    while (at >= 0 && this.start[at]! <= time) {
      if (time < this.end[at]!) return at;
      before = at;
      at = this.#next[at]!;
      count++;
    }
    const start = Math.max(windows.startOf(time), closedThrough, before >= 0 ? this.end[before]! : 0);
    const row = this.#allocate();
    this.start[row] = start;
    this.end[row] = Math.min(
      windows.startOf(time) + windows.sizeMs,
      at >= 0 ? this.start[at]! : Number.POSITIVE_INFINITY,
    );
    this.samples[row] = 0;
    this.subject[row] = slot;
    this.firstOffset[row] = place.offset;
    this.timeBefore[row] = place.before;
    this.#next[row] = at;
    if (before >= 0) this.#next[before] = row;
    else heads[slot] = row;
    this.#schedule(row, count >= mostPerSubject ? place.now : windows.closesAt(this.end[row]!, place.now));
    return row;
  }

  /**
   * Add samples to a window: metric by metric, so that the sums stay in registers. Each metric's samples are added in
   * their order, and so to the same bits as one by one.
   *
   * @param values - rows of `width` columns: time, then metrics, NaN for what is missing
   * @param first - first row
   * @param last - row after the last
   */
  add(row: number, values: Float64Array, width: number, first: number, last: number): void {
    const { aggregates } = this;
    let at = row * this.stride;
    const end = last * width;
    for (let column = 1; column < width; column++, at += aggregatesPerMetric) {
      let count = aggregates[at]!;
      let sum = aggregates[at + 1]!;
      let squares = aggregates[at + 2]!;
      let least = aggregates[at + 3]!;
      let most = aggregates[at + 4]!;
      for (let i = first * width + column; i < end; i += width) {
        const value = values[i]!;
        if (Number.isNaN(value)) continue;
        count++;
        sum += value;
        squares += value * value;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      aggregates[at] = count;
      aggregates[at + 1] = sum;
      aggregates[at + 2] = squares;
      aggregates[at + 3] = least;
      aggregates[at + 4] = most;
    }
    this.samples[row]! += last - first;
  }

  /**
   * Close every window that is due at an event time: buckets by time, windows of a bucket in the order they were
   * opened, and before each the older windows of its subject, so that a subject's windows close in order.
   *
   * @param close - called for each row while its values are still there
   */
  closeDue(heads: Int32Array, now: number, close: (row: number) => void): void {
    while (this.nextClose <= now) {
      const time = this.#times.pop()!;
      const bucket = this.#buckets.get(time)!;
      this.#buckets.delete(time);
      for (let i = 0; i < bucket.windows.length; i++) {
        const row = bucket.windows[i]!;
        if (!this.#alive[row] || this.#generation[row] !== bucket.generations[i]) continue;
        const slot = this.subject[row]!;
        for (;;) {
          const oldest = heads[slot]!;
          heads[slot] = this.#next[oldest]!;
          close(oldest);
          this.#release(oldest);
          if (oldest === row) break;
        }
      }
    }
    if (this.#times.length === 0 && this.size === 0 && this.start.length > initialWindows) this.#resize(initialWindows);
  }

  /** The earliest message that a subject's open windows were made of, and the event time before it. */
  earliest(heads: Int32Array, slot: number): { offset: number; time: number } {
    const found = { offset: Number.POSITIVE_INFINITY, time: 0 };
    for (let row = heads[slot]!; row >= 0; row = this.#next[row]!) {
      if (this.firstOffset[row]! < found.offset) {
        found.offset = this.firstOffset[row]!;
        found.time = this.timeBefore[row]!;
      }
    }
    return found;
  }

  #schedule(row: number, time: number): void {
    let bucket = this.#buckets.get(time);
    if (!bucket) {
      bucket = { windows: [], generations: [] };
      this.#buckets.set(time, bucket);
      let at = this.#times.length;
      this.#times.push(time);
      while (at > 0 && this.#times[at - 1]! < time) {
        this.#times[at] = this.#times[at - 1]!;
        at--;
      }
      this.#times[at] = time;
    }
    bucket.windows.push(row);
    bucket.generations.push(this.#generation[row]!);
  }

  #allocate(): number {
    const row = this.#free.pop() ?? this.#used++;
    if (row >= this.start.length) this.#resize(Math.ceil(this.start.length * 1.5));
    this.#alive[row] = 1;
    const { aggregates, stride } = this;
    const base = row * stride;
    for (let at = base; at < base + stride; at += aggregatesPerMetric) {
      aggregates[at] = 0;
      aggregates[at + 1] = 0;
      aggregates[at + 2] = 0;
      aggregates[at + 3] = Number.POSITIVE_INFINITY;
      aggregates[at + 4] = Number.NEGATIVE_INFINITY;
    }
    return row;
  }

  #release(row: number): void {
    this.#alive[row] = 0;
    this.#generation[row]!++;
    this.#free.push(row);
  }

  /** Room for some number of rows; fewer than there were only while none is in use. */
  #resize(rows: number): void {
    const copy = <A extends Float64Array | Int32Array | Uint8Array>(from: A, length = rows): A => {
      const to = new (from.constructor as new (length: number) => A)(length);
      to.set((length < from.length ? from.subarray(0, length) : from) as never);
      return to;
    };
    if (rows < this.start.length) {
      this.#free.length = 0;
      this.#used = 0;
    }
    this.aggregates = copy(this.aggregates, rows * this.stride);
    this.start = copy(this.start);
    this.end = copy(this.end);
    this.samples = copy(this.samples);
    this.subject = copy(this.subject);
    this.firstOffset = copy(this.firstOffset);
    this.timeBefore = copy(this.timeBefore);
    this.#next = copy(this.#next);
    this.#generation = copy(this.#generation);
    this.#alive = copy(this.#alive);
  }
}
