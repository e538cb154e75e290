import { from, mergeMap, type Observable } from 'rxjs';

/** How {@link inOrderPerKey} works through items. */
export interface InOrderPerKeyOptions<T> {
  readonly key: (item: T) => string;
  /** Keys worked on at the same time, 1 and up. */
  readonly concurrency: number;
  /** Keys with a smaller rank begin first; the rank of a key is the least of its items. */
  readonly rank: (item: T) => number;
}

/**
 * Work through a bounded list: all items of one key together, in their order, and different keys at the same time.
 *
 * @param work - gets the items of one key in their order of arrival
 * @returns what `work` gave, as it gets ready
 * @example
 * inOrderPerKey(decisions, { key: (d) => d.subject, concurrency: 16, rank: () => 0 }, apply);
 */
export const inOrderPerKey = <T, R>(
  items: readonly T[],
  options: InOrderPerKeyOptions<T>,
  work: (items: readonly T[]) => Promise<R>,
): Observable<R> => {
  const groups = new Map<string, { items: T[]; rank: number }>();
  for (const item of items) {
    const key = options.key(item);
    const group = groups.get(key);
    if (group) {
      group.items.push(item);
      group.rank = Math.min(group.rank, options.rank(item));
    } else groups.set(key, { items: [item], rank: options.rank(item) });
  }
  const ordered = [...groups.values()].sort((a, b) => a.rank - b.rank);
  return from(ordered).pipe(mergeMap((group) => work(group.items), options.concurrency));
};
