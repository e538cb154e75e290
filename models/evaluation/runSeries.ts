import { setImmediate as breathe } from 'node:timers/promises';
import type { Detector, SeriesInfo } from '../detectors/detector.ts';

/** Usual time between rows: the median of the first two hundred differences, at least a second. */
export const usualInterval = (times: Float64Array): number => {
  const differences = Float64Array.from(
    { length: Math.min(200, Math.max(0, times.length - 1)) },
    (_, i) => times[i + 1]! - times[i]!,
  ).sort();
  return Math.max(1000, differences[Math.floor(differences.length / 2)] ?? 60_000);
};

/** What a detector said of a series, one entry a row. */
export interface SeriesScores {
  readonly scores: Float64Array;
  /** What the scores were made of: to be calibrated. */
  readonly statistics: Float64Array;
}

/** Rows after which other work of the process has its turn. */
const rowsAtOnce = 2000;

/**
 * Stream a series through a detector once.
 *
 * @param rows rows × metrics; what is missing repeats the value before it, as every detector is asked about every row
 * @param times epoch ms, one a row
 * @param learning benign rows × metrics from just before the stream
 * @returns raw scores; what is no number counts as 0
 */
export const runSeries = async (
  detector: Detector,
  info: SeriesInfo,
  rows: Float64Array,
  times: Float64Array,
  learning?: Float64Array,
): Promise<SeriesScores> => {
  const stream = await detector.begin(info, learning);
  const { metrics } = info;
  const values = new Float64Array(metrics);
  const scores = new Float64Array(times.length);
  const statistics = new Float64Array(times.length);
  for (let row = 0; row < times.length; row++) {
    for (let i = 0; i < metrics; i++) {
      const value = rows[row * metrics + i]!;
      if (Number.isFinite(value)) values[i] = value;
    }
    const given = stream.score(values, times[row]!);
    const score = typeof given === 'number' ? given : await given;
    scores[row] = Number.isFinite(score) ? score : 0;
    const statistic = stream.statistic?.() ?? score;
    statistics[row] = Number.isFinite(statistic) ? statistic : 0;
    if (row % rowsAtOnce === rowsAtOnce - 1) await breathe();
  }
  await stream.close?.();
  return { scores, statistics };
};
