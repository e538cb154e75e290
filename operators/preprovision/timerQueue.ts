/** What a timer is for, and when it is due. */
export interface DueTimer {
  readonly name: string;
  /** Event time, epoch milliseconds. */
  readonly timeMs: number;
}

const grown = <A extends Float64Array | Int32Array>(array: A, length: number): A => {
  const larger = new (array.constructor as new (length: number) => A)(length);
  larger.set(array as never);
  return larger;
};

/**
 * Timers in event time, one a name: what is due without any event. A binary heap in typed arrays, 16 bytes a timer beside
 * its name, so that a million fit into one process.
 *
 * @example
 * timers.set('ada', windowEnd);
 * for (const { name } of timers.take(clock)) expire(name);
 */
export class TimerQueue {
  /** Heap of slots, the earliest first. */
  #heap = new Int32Array(256);
  /** By slot. */
  #times = new Float64Array(256);
  #places = new Int32Array(256);
  readonly #names: string[] = [];
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When a name is due, or undefined. */
  dueAt(name: string): number | undefined {
    const slot = this.#slots.get(name);
    return slot === undefined ? undefined : this.#times[slot];
  }

  /** Set a name's timer, in place of the one that it had. */
  set(name: string, timeMs: number): void {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.#names.length;
      if (slot >= this.#times.length) this.#grow();
      this.#names[slot] = name;
      this.#slots.set(name, slot);
      this.#place(this.#size++, slot);
    }
    this.#times[slot] = timeMs;
    this.#settle(this.#places[slot]!);
  }

  /** Take a name's timer back. @returns whether there was one */
  cancel(name: string): boolean {
    const slot = this.#slots.get(name);
    if (slot === undefined) return false;
    this.#remove(slot);
    return true;
  }

  /** Take all timers that are due by a time, the earliest first, those of one time by name: the same in every replay. */
  take(nowMs: number): DueTimer[] {
    const due: DueTimer[] = [];
    while (this.#size > 0) {
      const slot = this.#heap[0]!;
      const timeMs = this.#times[slot]!;
      if (timeMs > nowMs) break;
      due.push({ name: this.#names[slot]!, timeMs });
      this.#remove(slot);
    }
    return due.sort((a, b) => a.timeMs - b.timeMs || (a.name < b.name ? -1 : 1));
  }

  /** Everything that is set, in no particular order; {@link set} restores it. */
  *entries(): Generator<DueTimer> {
    for (const [name, slot] of this.#slots) yield { name, timeMs: this.#times[slot]! };
  }

  #remove(slot: number): void {
    const place = this.#places[slot]!;
    this.#slots.delete(this.#names[slot]!);
    this.#names[slot] = '';
    this.#free.push(slot);
    const last = this.#heap[--this.#size]!;
    if (place === this.#size) return;
    this.#place(place, last);
    this.#settle(place);
  }

  #place(place: number, slot: number): void {
    this.#heap[place] = slot;
    this.#places[slot] = place;
  }

  /** Move what lies at a place up or down to where it belongs. */
  #settle(from: number): void {
    const slot = this.#heap[from]!;
    const time = this.#times[slot]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#times[this.#heap[parent]!]! <= time) break;
      this.#place(place, this.#heap[parent]!);
      place = parent;
    }
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#times[this.#heap[child + 1]!]! < this.#times[this.#heap[child]!]!) child++;
      if (this.#times[this.#heap[child]!]! >= time) break;
      this.#place(place, this.#heap[child]!);
      place = child;
    }
    this.#place(place, slot);
  }

  #grow(): void {
    const length = Math.ceil(this.#times.length * 1.5);
    this.#heap = grown(this.#heap, length);
    this.#times = grown(this.#times, length);
    this.#places = grown(this.#places, length);
  }
}
