import type { Detector, SeriesInfo } from '../detectors/detector.ts';

/** Usual time between rows: the median of the first two hundred differences. */
export const usualInterval = (times: Float64Array): number => {
  const differences = Float64Array.from(
    { length: Math.min(200, Math.max(0, times.length - 1)) },
    (_, i) => times[i + 1]! - times[i]!,
  ).sort();
  return Math.max(1000, differences[Math.floor(differences.length / 2)] ?? 60_000);
};

/**
 * Stream a series through a detector once.
 *
 * @param rows rows × metrics
 * @param times epoch ms, one a row
 * @param learning benign rows × metrics from just before the stream
 * @returns one raw score a row; what is no number counts as 0
 */
export const runSeries = async (
  detector: Detector,
  info: SeriesInfo,
  rows: Float64Array,
  times: Float64Array,
  learning?: Float64Array,
): Promise<Float64Array> => {
  const stream = await detector.begin(info, learning);
  const { metrics } = info;
  const values = new Float64Array(metrics);
  const scores = new Float64Array(times.length);
  for (let row = 0; row < times.length; row++) {
    for (let i = 0; i < metrics; i++) values[i] = rows[row * metrics + i]!;
    const score = stream.score(values, times[row]!);
    scores[row] = Number.isFinite(score) ? score : 0;
  }
  return scores;
};
