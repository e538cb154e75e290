import type { Scorer } from '../anomaly/scorer.ts';
import type { Recording } from '../data/index.ts';
import { resourceMetrics } from '../features/resource.ts';
import type { FeatureSpec } from '../features/spec.ts';
import { replaySubjects } from './replay.ts';
import type { Subject } from './subjects.ts';
import { windowVectors } from './windows.ts';

/** A stretch of a labelled recording, scored from a cold start. */
export interface Episode {
  readonly name: string;
  readonly scores: Float64Array;
  readonly pValues: Float64Array;
  readonly statistics: Float64Array;
  /** First window with a labelled row, and one past the last; both the number of windows where there is none. */
  readonly from: number;
  readonly to: number;
}

/** Where episodes lie in a recording. */
export interface EpisodeRange {
  readonly recording: Recording;
  /** First row and one past the last. */
  readonly from: number;
  readonly to: number;
}

/**
 * Score stretches of recordings, each as a new subject.
 *
 * @param rowsPerWindow samples that make a window
 */
export const scoreEpisodes = async (
  scorer: Pick<Scorer, 'score' | 'layout'>,
  spec: FeatureSpec,
  ranges: readonly EpisodeRange[],
  rowsPerWindow: number,
): Promise<Episode[]> => {
  const subjects = ranges.map(({ recording, from, to }) => {
    const windows = Math.floor((to - from) / rowsPerWindow);
    const columns = resourceMetrics.map((metric) => recording.metrics[metric]);
    return { windows, vectors: windowVectors(spec, columns, from, windows, rowsPerWindow) };
  });
  const episodes = ranges.map(({ recording, from }, i) => {
    const { windows } = subjects[i]!;
    const labelled = Array.from({ length: windows }, (_, window) =>
      recording.labels.subarray(from + window * rowsPerWindow, from + (window + 1) * rowsPerWindow).includes(1),
    );
    const first = labelled.indexOf(true);
    return {
      name: `${recording.name}@${from}`,
      scores: new Float64Array(windows),
      pValues: new Float64Array(windows),
      statistics: new Float64Array(windows),
      from: first < 0 ? windows : first,
      to: first < 0 ? windows : labelled.lastIndexOf(true) + 1,
    };
  });
  await replaySubjects(scorer, subjects, spec.size, (subject, window, scores, row) => {
    const episode = episodes[subject]!;
    episode.scores[window] = scores.score[row]!;
    episode.pValues[window] = scores.pValue[row]!;
    episode.statistics[window] = scores.statistic[row]!;
  });
  return episodes;
};

/** Score subjects that are taken as benign throughout, each from a cold start. */
export const scoreSubjects = async (
  scorer: Pick<Scorer, 'score' | 'layout'>,
  subjects: readonly (Subject & { readonly subject: string })[],
  size: number,
): Promise<Episode[]> => {
  const episodes = subjects.map(({ subject, windows }) => ({
    name: subject,
    scores: new Float64Array(windows),
    pValues: new Float64Array(windows),
    statistics: new Float64Array(windows),
    from: windows,
    to: windows,
  }));
  await replaySubjects(scorer, subjects, size, (subject, window, scores, row) => {
    const episode = episodes[subject]!;
    episode.scores[window] = scores.score[row]!;
    episode.pValues[window] = scores.pValue[row]!;
    episode.statistics[window] = scores.statistic[row]!;
  });
  return episodes;
};

/**
 * Benign stretches of a recording, one after another, each long enough for a cold start.
 *
 * @param rows length of each
 */
export const benignRanges = (recording: Recording, rows: number): EpisodeRange[] => {
  const ranges: EpisodeRange[] = [];
  for (let from = 0; from + rows <= recording.rows; from += rows)
    if (!recording.labels.subarray(from, from + rows).includes(1)) ranges.push({ recording, from, to: from + rows });
  return ranges;
};

/**
 * Labelled anomalies of a recording, each with benign rows before it.
 *
 * @param before rows before the anomaly, nine tenths of them benign
 * @param shortest fewest labelled rows
 * @param longest rows of the anomaly that are kept
 */
export const anomalyRanges = (
  recording: Recording,
  before: number,
  shortest: number,
  longest: number,
): EpisodeRange[] => {
  const ranges: EpisodeRange[] = [];
  for (let row = 1; row < recording.rows; row++) {
    if (recording.labels[row] !== 1 || recording.labels[row - 1] === 1) continue;
    let end = row;
    while (end < recording.rows && recording.labels[end] === 1) end++;
    const labelledBefore = recording.labels.subarray(row - before, row).reduce((sum, label) => sum + label, 0);
    if (end - row >= shortest && row >= before && labelledBefore <= before / 10)
      ranges.push({ recording, from: row - before, to: Math.min(end, row + longest) });
  }
  return ranges;
};

/** Thresholds of a policy of lifespans. */
export interface Thresholds {
  readonly low: number;
  readonly moderate: number;
  readonly high: number;
}

/** How thresholds do on benign and anomalous episodes; shares are 0 to 1. */
export const assess = (
  benign: readonly Episode[],
  anomalous: readonly Episode[],
  thresholds: Thresholds,
  minHistory: number,
) => {
  const calm = benign.flatMap(({ scores, from }) => [...scores.subarray(Math.min(minHistory, from), from)]);
  const share = (test: (score: number) => boolean): number => calm.filter(test).length / Math.max(1, calm.length);
  const delay = (episode: Episode, threshold: number): number =>
    episode.scores.subarray(episode.from).findIndex((score) => score > threshold);
  const reached = (threshold: number) => anomalous.map((it) => delay(it, threshold)).filter((it) => it >= 0);
  const high = reached(thresholds.high).sort((a, b) => a - b);
  const quietEpisodes = benign.filter(({ scores, from }) =>
    scores.subarray(0, from).every((score) => score <= thresholds.high),
  );
  return {
    benignWindows: calm.length,
    benignBelowLow: share((score) => score < thresholds.low),
    benignAboveModerate: share((score) => score > thresholds.moderate),
    benignAboveHigh: share((score) => score > thresholds.high),
    benignEpisodes: benign.length,
    benignEpisodesNeverHigh: quietEpisodes.length / Math.max(1, benign.length),
    anomalies: anomalous.length,
    anomaliesAboveModerate: reached(thresholds.moderate).length / Math.max(1, anomalous.length),
    anomaliesAboveHigh: high.length / Math.max(1, anomalous.length),
    medianWindowsToHigh: high[Math.floor(high.length / 2)] ?? -1,
  };
};
