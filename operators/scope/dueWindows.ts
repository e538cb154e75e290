/** Open windows by their ends, so that those which are due are found without looking at the others. */
export class DueWindows {
  readonly #byEnd = new Map<number, Set<string>>();
  #next = Number.POSITIVE_INFINITY;

  add(end: number, name: string): void {
    const names = this.#byEnd.get(end);
    if (names) names.add(name);
    else this.#byEnd.set(end, new Set([name]));
    this.#next = Math.min(this.#next, end);
  }

  /** Take out those that ended at a time or before it: in the order of their ends, then of names. */
  take(time: number): { readonly end: number; readonly name: string }[] {
    if (this.#next > time) return [];
    const ends = [...this.#byEnd.keys()].filter((end) => end <= time).sort((a, b) => a - b);
    const taken = ends.flatMap((end) => {
      const names = [...this.#byEnd.get(end)!].sort();
      this.#byEnd.delete(end);
      return names.map((name) => ({ end, name }));
    });
    this.#next = Math.min(Number.POSITIVE_INFINITY, ...this.#byEnd.keys());
    return taken;
  }
}
