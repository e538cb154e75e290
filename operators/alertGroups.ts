/** Alerts of one group whose time has come. */
export interface DueGroup<T> {
  readonly key: string;
  readonly items: readonly T[];
}

interface Window<T> {
  until: number;
  readonly windowMs: number;
  held: T[];
}

/**
 * Gathers what belongs together: the first of a group passes at once and opens a window; what comes within it is held,
 * and handed out together at its end, which opens the next. A window in which nothing came closes the group.
 *
 * @example
 * const groups = new AlertGroups<Alert>();
 * groups.opens('chat/cred-1', now, 60_000); // true: tell it at once
 * groups.hold('chat/cred-1', second, now, 60_000);
 * groups.due(now + 60_000); // [{ key: 'chat/cred-1', items: [second] }]
 */
export class AlertGroups<T> {
  readonly #windows = new Map<string, Window<T>>();
  #held = 0;

  /** How many are held, over all groups. */
  get size(): number {
    return this.#held;
  }

  /** @returns whether the group had no window open; now it has */
  opens(key: string, nowMs: number, windowMs: number): boolean {
    if (this.#windows.has(key)) return false;
    this.#windows.set(key, { until: nowMs + windowMs, windowMs, held: [] });
    return true;
  }

  /** @param fromMs - when the window began, where none is open, epoch milliseconds */
  hold(key: string, item: T, fromMs: number, windowMs: number): void {
    this.opens(key, fromMs, windowMs);
    this.#windows.get(key)!.held.push(item);
    this.#held++;
  }

  /** Groups whose window has ended, with what was held in it. */
  due(nowMs: number): readonly DueGroup<T>[] {
    const groups: DueGroup<T>[] = [];
    for (const [key, window] of this.#windows) {
      if (nowMs < window.until) continue;
      if (window.held.length === 0) {
        this.#windows.delete(key);
        continue;
      }
      groups.push({ key, items: window.held });
      this.#held -= window.held.length;
      window.held = [];
      window.until = nowMs + window.windowMs;
    }
    return groups;
  }
}
