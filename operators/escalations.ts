/**
 * What waits for somebody to acknowledge it, and when it goes to the next.
 *
 * @example
 * const escalations = new Escalations<Notification>(10_000);
 * escalations.add(told, ['a-1'], told.at + 300_000);
 * escalations.end('a-1'); // somebody saw to it, or its cause ended
 */
export class Escalations<T> {
  readonly #waiting = new Map<T, { readonly alertIds: ReadonlySet<string>; readonly at: number }>();
  readonly #capacity: number;

  /** @param capacity - how many may wait, 1 and up; beyond it the one that waits longest is due at once */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @param atMs - when it is due, epoch milliseconds */
  add(item: T, alertIds: Iterable<string>, atMs: number): void {
    this.#waiting.set(item, { alertIds: new Set(alertIds), at: atMs });
  }

  /** Nobody need hear of this alert any more. A group waits on while one of its alerts does. */
  end(alertId: string): void {
    for (const [item, { alertIds, at }] of this.#waiting) {
      if (!alertIds.has(alertId)) continue;
      const left = [...alertIds].filter((id) => id !== alertId);
      if (left.length === 0) this.#waiting.delete(item);
      else this.#waiting.set(item, { alertIds: new Set(left), at });
    }
  }

  /** Take out what is due. */
  due(nowMs: number): readonly T[] {
    const items: T[] = [];
    let over = this.#waiting.size - this.#capacity;
    for (const [item, { at }] of this.#waiting) if (nowMs >= at || over-- > 0) items.push(item);
    for (const item of items) this.#waiting.delete(item);
    return items;
  }
}
