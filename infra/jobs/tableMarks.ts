/** How far the holder of a partition may lag behind when another takes it over, ms: that one still joins what it did. */
const longestLagMs = 6 * 3_600_000;
const everyMs = 600_000;

interface Mark {
  readonly at: number;
  readonly position: number;
}

/**
 * Remembers where tables of partitions stood, so that what was replaced long ago can be forgotten of those, too, that other
 * processes hold: nobody says of them how far they are.
 *
 * @example
 * const marks = new TableMarks(() => performance.now());
 * table.prune(marks.longAgo(partition, table.position));
 */
export class TableMarks {
  readonly #now: () => number;
  readonly #marks = new Map<number, Mark[]>();

  /** @param now - milliseconds from an arbitrary beginning */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Where a partition's table stood six hours ago, or somewhat longer; 0 where that is not known.
   *
   * @param position - where it stands now
   */
  longAgo(partition: number, position: number): number {
    const at = this.#now();
    const marks = this.#marks.get(partition) ?? [];
    this.#marks.set(partition, marks);
    if (at - (marks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= everyMs) marks.push({ at, position });
    while (marks.length > 1 && at - marks[1]!.at >= longestLagMs) marks.shift();
    const [oldest] = marks;
    return oldest && at - oldest.at >= longestLagMs ? oldest.position : 0;
  }
}
