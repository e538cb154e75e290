const initialRows = 256;

interface Column {
  readonly size: number;
  values: Float32Array;
  /** 1 for each row that the model has scored. */
  held: Uint8Array;
  rows: number;
}

/**
 * Carried state of the models that score a partition's subjects: a column for each version, a row for each subject.
 * Usually there is one; a challenger makes two, and a promotion a third until every subject has moved on.
 *
 * @example
 * const carried = new CarriedState();
 * carried.keep(slot, ['v2']);
 * const state = carried.read('v2', 255, slot);
 */
export class CarriedState {
  readonly #columns = new Map<string, Column>();
  /** Per row, the version that came first when it was scored last. */
  readonly #first: string[] = [];
  /** The version where there is one alone. */
  #only: string | undefined;

  /** Versions that hold the state of some row. */
  get versions(): string[] {
    return [...this.#columns.keys()];
  }

  /**
   * A row's state.
   *
   * @param size - floats of the version's state, 0 and up
   * @returns zeros where the version has not scored the row yet; never to be written to
   */
  read(version: string, size: number, slot: number): Float32Array {
    const column = this.#columns.get(version);
    if (!column || column.size !== size || column.held[slot] !== 1) return new Float32Array(size);
    return column.values.subarray(slot * size, (slot + 1) * size);
  }

  write(version: string, slot: number, state: Float32Array): void {
    this.writable(version, state.length, slot).set(state);
  }

  /** A row's state to change in place, zeros at first; a view that a later row may leave behind, so not to be kept. */
  writable(version: string, size: number, slot: number): Float32Array {
    this.reserve(version, size, slot);
    return this.valuesOf(version).subarray(slot * size, (slot + 1) * size);
  }

  /** Make room for a row's state, zeros at first. */
  reserve(version: string, size: number, slot: number): void {
    const column = this.#columnOf(version, size, slot);
    if (column.held[slot] === 1) return;
    column.held[slot] = 1;
    column.rows++;
    column.values.fill(0, slot * size, (slot + 1) * size);
  }

  /** The states of all rows of a version, one after another, to change in place where {@link reserve} made room. */
  valuesOf(version: string): Float32Array {
    return this.#columns.get(version)?.values ?? new Float32Array(0);
  }

  /**
   * Forget a row's state of every version but these: one that comes back later begins anew.
   *
   * @param versions - the champion's before the challenger's
   */
  keep(slot: number, versions: readonly string[]): void {
    this.#first[slot] = versions[0] ?? '';
    // Nearly always there is one version, and it stays.
    if (this.#only !== undefined && versions.includes(this.#only)) return;
    for (const [version, column] of this.#columns) {
      if (column.held[slot] !== 1 || versions.includes(version)) continue;
      column.held[slot] = 0;
      if (--column.rows === 0) this.#columns.delete(version);
    }
    this.#count();
  }

  /** What a row holds: its versions with a copy of their state, the champion's first. */
  of(slot: number): { readonly version: string; readonly state: Float32Array }[] {
    const found: { version: string; state: Float32Array }[] = [];
    for (const [version, { held, values, size }] of this.#columns) {
      if (held[slot] !== 1) continue;
      const entry = { version, state: values.slice(slot * size, (slot + 1) * size) };
      if (version === this.#first[slot]) found.unshift(entry);
      else found.push(entry);
    }
    return found;
  }

  #columnOf(version: string, size: number, slot: number): Column {
    let column = this.#columns.get(version);
    if (!column || column.size !== size) {
      column = { size, values: new Float32Array(0), held: new Uint8Array(0), rows: 0 };
      this.#columns.set(version, column);
      this.#count();
    }
    if (slot >= column.held.length) {
      const length = Math.max(initialRows, slot + 1, Math.ceil(column.held.length * 1.5));
      const values = new Float32Array(length * size);
      values.set(column.values);
      const held = new Uint8Array(length);
      held.set(column.held);
      column.values = values;
      column.held = held;
    }
    return column;
  }

  #count(): void {
    this.#only = this.#columns.size === 1 ? this.#columns.keys().next().value : undefined;
  }
}
