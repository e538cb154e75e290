import { CarriedState } from './carriedState.ts';

/** Columns of numbers that grow together, one row a subject. */
const grow = <A extends Float64Array | Float32Array | Int32Array>(column: A, length: number): A => {
  const larger = new (column.constructor as new (length: number) => A)(length);
  larger.set(column as never);
  return larger;
};

const initialRows = 256;

/** Bits of {@link KeyedState.flags}. */
export const flag = { revoked: 1, silent: 2, registered: 4, shadow: 8, strayed: 16 } as const;

/**
 * What one partition knows of its subjects, in columns instead of objects: a hundred thousand subjects then cost
 * arrays, not a heap. A row is found by {@link slotOf} and is given back by {@link remove}.
 *
 * @example
 * const state = new KeyedState();
 * const slot = state.slotOf('cred-1');
 * state.ttlMs[slot] = 3_600_000;
 */
export class KeyedState {
  /** Carried state of the models. */
  readonly carried = new CarriedState();
  /** End of the last closed window, epoch milliseconds; 0 before the first. */
  closedThrough = new Float64Array(initialRows);
  /** First offset that a rebuild of the row needs; Infinity when its saved state covers everything. */
  neededFrom = new Float64Array(initialRows).fill(Number.POSITIVE_INFINITY);
  /** The partition's event time just before the message at `neededFrom`. */
  neededTime = new Float64Array(initialRows);
  /** The row was restored from a record that covers everything before this offset. */
  coveredBefore = new Float64Array(initialRows);
  /** Windows closed since the row was saved. */
  unsaved = new Int32Array(initialRows);
  /** First open window of the row, -1 for none; see {@link KeyedWindows}. */
  openWindow = new Int32Array(initialRows).fill(-1);
  ttlMs = new Float64Array(initialRows);
  /** When the TTL changed last, event time. */
  changedAt = new Float64Array(initialRows);
  /** End of the last window that alarmed, epoch milliseconds; 0 before the first. */
  alarmedAt = new Float64Array(initialRows);
  strikes = new Float64Array(initialRows);
  streak = new Int32Array(initialRows);
  /** Index into {@link branches}. */
  branch = new Int32Array(initialRows);
  flags = new Int32Array(initialRows);
  /** Times of harsh actions, for rows that had some. */
  readonly budget = new Map<number, number[]>();
  readonly #slots = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #free: number[] = [];
  #rows = initialRows;

  get size(): number {
    return this.#slots.size;
  }

  /** The row of a subject, or undefined. */
  find(subject: string): number | undefined {
    return this.#slots.get(subject);
  }

  /** The row of a subject, made when there is none. */
  slotOf(subject: string): number {
    const known = this.#slots.get(subject);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#names.length;
    if (slot >= this.#rows) this.#grow();
    this.#names[slot] = subject;
    this.#slots.set(subject, slot);
    return slot;
  }

  nameOf(slot: number): string {
    return this.#names[slot]!;
  }

  /** All subjects with their rows, in no particular order. */
  entries(): IterableIterator<[string, number]> {
    return this.#slots.entries();
  }

  /** Forget a subject; its row is zeroed and used again. */
  remove(subject: string): void {
    const slot = this.#slots.get(subject);
    if (slot === undefined) return;
    this.#slots.delete(subject);
    this.#names[slot] = '';
    this.budget.delete(slot);
    this.carried.keep(slot, []);
    for (const column of [
      this.closedThrough,
      this.neededTime,
      this.coveredBefore,
      this.unsaved,
      this.ttlMs,
      this.changedAt,
      this.alarmedAt,
      this.strikes,
      this.streak,
      this.branch,
      this.flags,
    ])
      column[slot] = 0;
    this.neededFrom[slot] = Number.POSITIVE_INFINITY;
    this.openWindow[slot] = -1;
    this.#free.push(slot);
  }

  /** Where the rebuild of every row has to begin: the least `neededFrom` and the time before it. */
  rewind(): { offset: number; time: number } | undefined {
    let least = Number.POSITIVE_INFINITY;
    let time = 0;
    const { neededFrom, neededTime } = this;
    for (let slot = 0; slot < this.#names.length; slot++) {
      if (neededFrom[slot]! < least) {
        least = neededFrom[slot]!;
        time = neededTime[slot]!;
      }
    }
    return least === Number.POSITIVE_INFINITY ? undefined : { offset: least, time };
  }

  #grow(): void {
    const from = this.#rows;
    this.#rows = Math.ceil(from * 1.5);
    this.closedThrough = grow(this.closedThrough, this.#rows);
    this.neededFrom = grow(this.neededFrom, this.#rows).fill(Number.POSITIVE_INFINITY, from);
    this.neededTime = grow(this.neededTime, this.#rows);
    this.coveredBefore = grow(this.coveredBefore, this.#rows);
    this.unsaved = grow(this.unsaved, this.#rows);
    this.openWindow = grow(this.openWindow, this.#rows).fill(-1, from);
    this.ttlMs = grow(this.ttlMs, this.#rows);
    this.changedAt = grow(this.changedAt, this.#rows);
    this.alarmedAt = grow(this.alarmedAt, this.#rows);
    this.strikes = grow(this.strikes, this.#rows);
    this.streak = grow(this.streak, this.#rows);
    this.branch = grow(this.branch, this.#rows);
    this.flags = grow(this.flags, this.#rows);
  }
}
