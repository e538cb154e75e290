/**
 * Event-time windows of one size that follow one another without gaps: `[start, start + sizeMs)`.
 *
 * With `sizeMs` 10 and `graceMs` 5, a sample at 12 belongs to `[10, 20)`, which closes once event time reaches 25.
 *
 * ```
 * event time  0         10        20   25
 *             [---------)[---------)    |
 *                         12 ▲          ▲ closes
 * ```
 */
export class TumblingWindows {
  readonly sizeMs: number;
  readonly graceMs: number;

  /** @throws {RangeError} when `sizeMs` is not a whole number, 1 and up, or `graceMs` not one, 0 and up */
  constructor({ sizeMs, graceMs }: { sizeMs: number; graceMs: number }) {
    if (!Number.isInteger(sizeMs) || sizeMs < 1)
      throw new RangeError(`sizeMs must be a whole number of milliseconds, 1 and up, got ${sizeMs}`);
    if (!Number.isInteger(graceMs) || graceMs < 0)
      throw new RangeError(`graceMs must be a whole number of milliseconds, 0 and up, got ${graceMs}`);
    this.sizeMs = sizeMs;
    this.graceMs = graceMs;
  }

  /** Start of the window that holds a time, epoch milliseconds. */
  startOf(time: number): number {
    return Math.floor(time / this.sizeMs) * this.sizeMs;
  }

  /**
   * The event time at which a window closes. One whose first sample came only after its end (a stream that runs late,
   * as after a broker was away) is given its whole length once more, so that late data is scored rather than lost.
   *
   * @param end - end of the window
   * @param openedAt - the partition's event time when its first sample came
   */
  closesAt(end: number, openedAt: number): number {
    return openedAt < end ? end + this.graceMs : openedAt + this.sizeMs + this.graceMs;
  }
}
