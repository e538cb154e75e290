/** What a detector is told of a series before its first row. */
export interface SeriesInfo {
  readonly name: string;
  /** Values of a row. */
  readonly metrics: number;
  /** Usual time between rows, ms. */
  readonly intervalMs: number;
  /** Rows at the beginning of the stream that are not judged, from which a detector may learn. */
  readonly learningRows: number;
}

/** A detector at work on one series. */
export interface DetectorStream {
  /**
   * Take in the next row and say how strange it is, given it and those before it alone.
   *
   * @param values one number a metric
   * @param timeMs when, epoch ms
   * @returns raw score, for ranking: larger is stranger, in a scale of the detector's own
   */
  score(values: Float64Array, timeMs: number): number | Promise<number>;
  /**
   * What the last score was made of and can be calibrated: for a detector whose score is 0 between alarms.
   *
   * @default the score itself
   */
  statistic?(): number;
  close?(): Promise<void>;
}

/** Finds what is unusual in a stream of rows; causal, and the same each time. */
export interface Detector {
  /** A few words for tables. */
  readonly summary: string;
  /**
   * Begin a series.
   *
   * @param learning benign rows × metrics from just before the stream, for a detector that fits; absent where there are
   * none, as for a series that is watched from its first row on
   */
  begin(series: SeriesInfo, learning?: Float64Array): DetectorStream | Promise<DetectorStream>;
}
