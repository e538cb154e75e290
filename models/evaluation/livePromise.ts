import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { alarmPValue } from '../../operators/raiseAlarms.ts';
import { type AlarmRule, createAlarmCounter } from '../anomaly/alarms.ts';
import type { Scorer } from '../anomaly/scorer.ts';
import type { Recording } from '../data/index.ts';
import { readNab, readSmd, smdSeenMachines, smdUnseenMachines } from '../data/sources.ts';
import { type ResourceMetric, resourceMetrics } from '../features/resource.ts';
import type { FeatureSpec } from '../features/spec.ts';
import { replaySubjects } from '../training/replay.ts';
import { windowVectors } from '../training/windows.ts';

/** p-values at which the promise is measured. */
export const promisedLevels = [0.001, 0.01, 0.05] as const;

/** A recording as one subject of the live scorer, cold from its first window. */
export interface PromiseSeries {
  readonly group: 'smd' | 'nab';
  readonly name: string;
  readonly recording: Recording;
  readonly rowsPerWindow: number;
}

/** What became of the promise on one series. */
export interface SeriesPromise {
  readonly name: string;
  readonly group: string;
  /** Benign windows judged. */
  readonly windows: number;
  /** Share of them at or below each of {@link promisedLevels}, over the level; 1 is as promised. */
  readonly ratios: readonly number[];
  /** Benign time, days. */
  readonly days: number;
  /** Alarms at each rate asked for, per day. */
  readonly alarms: readonly number[];
  /** Times that the subject strayed from its anchor in benign windows. */
  readonly strayed: number;
  /** Times that it went so far that its score exceeded 0.6. */
  readonly strayedFar: number;
}

/** Distance above the anchor at which the score is 0.6 where it is 0.5 at the limit. */
const farAway = 1.2;

const cloudMetric = (file: string): [ResourceMetric, number] => {
  if (file.includes('cpu')) return ['cpuCores', 0.02];
  if (/network/i.test(file)) return ['receivedBytes', 1 / 300];
  if (file.includes('disk')) return ['writtenBytes', 1 / 300];
  if (file.includes('elb')) return ['apiCalls', 1 / 300];
  return ['connections', 1];
};

/**
 * The test parts that the promise is measured on: 8 machines of SMD, by the minute and by five minutes, and the series
 * of a folder of NAB.
 *
 * @param root - folder with `smd/` and `nab/`
 */
export const promiseSeries = (root: string): PromiseSeries[] => {
  const smd = [...smdSeenMachines, ...smdUnseenMachines].flatMap((machine) => {
    const recording = readSmd(root, machine, 'test');
    return [1, 5].map((rowsPerWindow) => ({
      group: 'smd' as const,
      name: `smd-${machine} ${rowsPerWindow} min`,
      recording,
      rowsPerWindow,
    }));
  });
  const nab = readdirSync(join(root, 'nab/data/realAWSCloudwatch')).map((name) => {
    const file = name.replace('.csv', '');
    const [metric, scale] = cloudMetric(file);
    return {
      group: 'nab' as const,
      name: file,
      recording: readNab(root, { file, metric, scale }),
      rowsPerWindow: 1,
    };
  });
  return [...smd, ...nab];
};

/**
 * Measure what a scorer promises, on the rows of series that no label calls anomalous.
 *
 * @param asked - alarms per subject and day to ask for, as `falseAlarmsPerSubjectDay`
 * @param rule - how deviations cluster, from the calibration
 */
export const measurePromise = async (
  scorer: Scorer,
  spec: FeatureSpec,
  series: readonly PromiseSeries[],
  asked: readonly number[],
  rule: AlarmRule,
): Promise<SeriesPromise[]> => {
  const subjects = series.map(({ recording, rowsPerWindow }) => {
    const windows = Math.floor(recording.rows / rowsPerWindow);
    const columns = resourceMetrics.map((metric) => recording.metrics[metric]);
    return { windows, vectors: windowVectors(spec, columns, 0, windows, rowsPerWindow) };
  });
  const tallies = series.map(({ recording, rowsPerWindow }) => ({
    windowMs: recording.intervalMs * rowsPerWindow,
    windows: 0,
    below: promisedLevels.map(() => 0),
    strayed: 0,
    straying: false,
    far: 0,
    afar: false,
    benignAlarms: asked.map(() => 0),
    counters: asked.map(() => createAlarmCounter(rule.quietWindows)),
  }));
  await replaySubjects(scorer, subjects, spec.size, (subject, window, scores, row) => {
    if (scores.learning[row]) return;
    const { recording, rowsPerWindow } = series[subject]!;
    const tally = tallies[subject]!;
    const p = scores.pValue[row]!;
    const rows = recording.labels.subarray(window * rowsPerWindow, (window + 1) * rowsPerWindow);
    const benign = !rows.includes(1);
    for (const [i, rate] of asked.entries()) {
      if (p > alarmPValue(rate, tally.windowMs, rule.clusterWindows)) continue;
      if (tally.counters[i]!.deviation(window) && benign) tally.benignAlarms[i]!++;
    }
    const away = scores.strayed[row]!;
    if (away > 1 && !tally.straying && benign) tally.strayed++;
    if (away > farAway && !tally.afar && benign) tally.far++;
    if (away > farAway) tally.afar = true;
    else if (away < 0.5) tally.afar = false;
    if (away > 1) tally.straying = true;
    else if (away < 0.5) tally.straying = false;
    if (!benign) return;
    tally.windows++;
    for (const [i, level] of promisedLevels.entries()) if (p <= level) tally.below[i]!++;
  });
  return series.map(({ name, group }, i) => {
    const { windows, windowMs, below, benignAlarms, strayed, far } = tallies[i]!;
    const days = (windows * windowMs) / 86_400_000;
    return {
      name,
      group,
      windows,
      ratios: below.map((count, level) => count / Math.max(1, windows) / promisedLevels[level]!),
      days,
      alarms: benignAlarms.map((count) => count / Math.max(days, 1e-9)),
      strayed,
      strayedFar: far,
    };
  });
};
