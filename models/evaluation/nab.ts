import { EbbtideError } from '../../schemas/errors.ts';
import { chooseDetectors } from '../detectors/index.ts';
import { type Evaluator, mean, type ReportPlot, round4, round6 } from './evaluation.ts';
import { type NabSeries, readNabSeries } from './nabData.ts';
import { nabProfiles, nabScore } from './nabScore.ts';
import { keepPromise, type PromiseKept, promiseTable, reliabilityPlot } from './promise.ts';
import { runSeries, type SeriesScores, usualInterval } from './runSeries.ts';
import { timeline } from './timeline.ts';

const dayMs = 86_400_000;

/** Rows of a series that lie in a labelled window. */
const windowRows = ({ times, windows }: NabSeries): Uint8Array => {
  const labels = new Uint8Array(times.length);
  for (const [from, to] of windows) labels.fill(1, from, to + 1);
  return labels;
};

/** What alarms at a threshold find, and what they cost. */
export const countAlarms = (series: readonly NabSeries[], scores: readonly Float64Array[], threshold: number) => {
  let found = 0;
  let windows = 0;
  let falseAlarms = 0;
  let days = 0;
  series.forEach((it, i) => {
    const labels = windowRows(it);
    const interval = usualInterval(it.times);
    for (let row = it.probation; row < labels.length; row++) {
      if (labels[row] === 1) continue;
      days += interval / dayMs;
      if (scores[i]![row]! >= threshold) falseAlarms++;
    }
    windows += it.windows.length;
    found += it.windows.filter(([from, to]) =>
      scores[i]!.subarray(Math.max(from, it.probation), to + 1).some((score) => score >= threshold),
    ).length;
  });
  return { found, windows, falseAlarms, days, perDay: falseAlarms / days };
};

/** Windows found against false alarms a day, as the threshold falls. */
const tradeOff = (series: readonly NabSeries[], named: ReadonlyMap<string, readonly Float64Array[]>): ReportPlot => ({
  title: 'Windows found and false alarms, as the threshold falls',
  x: 'false alarms a day and series',
  y: 'share of windows found',
  curves: [...named].map(([name, scores]) => {
    const all = Float64Array.from(scores.flatMap((it, i) => [...it.subarray(series[i]!.probation)])).sort();
    const thresholds = Array.from({ length: 40 }, (_, i) => all[Math.floor(all.length * (1 - 10 ** (-4.5 + i / 12)))]!);
    const points = [...new Set(thresholds)]
      .filter((threshold) => threshold > all[0]!)
      .map((threshold) => countAlarms(series, scores, threshold))
      .filter(({ perDay }) => perDay <= 1)
      .map(({ perDay, found, windows }) => [perDay, found / windows] as const);
    return { name, points };
  }),
});

/** The Numenta Anomaly Benchmark: every series streamed once, one threshold for all. */
export const evaluateNab: Evaluator = async ({ folder, detectors: names, onProgress, signal }) => {
  const series = readNabSeries(folder);
  const chosen = chooseDetectors(names);
  const runs = new Map<string, SeriesScores[]>();
  const total = series.length * chosen.length;
  let done = 0;
  for (const [name, detector] of chosen) {
    const results: SeriesScores[] = [];
    for (const it of series) {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
      onProgress(done++, total, `${name} on ${it.name}`);
      const info = { name: it.name, metrics: 1, intervalMs: usualInterval(it.times), learningRows: it.probation };
      results.push(await runSeries(detector, info, it.values, it.times));
    }
    runs.set(name, results);
  }
  onProgress(total, total, 'scored');

  const scoresOf = (name: string) => runs.get(name)!.map(({ scores }) => scores);
  const keptBy = new Map<string, PromiseKept[]>();
  const rows = [...runs].map(([name, results]) => {
    const scores = scoresOf(name);
    const profiles = Object.values(nabProfiles).map((profile) => nabScore(series, scores, profile));
    const alarms = countAlarms(series, scores, profiles[0]!.threshold);
    keptBy.set(
      name,
      results.map(({ statistics }, i) => {
        const { probation } = series[i]!;
        const labels = windowRows(series[i]!).subarray(probation);
        const calibration = statistics.subarray(0, probation);
        return keepPromise(calibration, statistics.subarray(probation), (row) => labels[row] === 0);
      }),
    );
    return { name, profiles, alarms };
  });
  const first = rows[0]!;
  const kept = keptBy.get(first.name)!;
  const [standard, rewardLowFp, rewardLowFn] = first.profiles.map(({ score }) => round4(score));
  const rate = (promised: number) => round6(mean(kept.map((it) => it.measured([promised])[0]!)));
  return {
    name: 'anomaly-nab',
    title: 'Resource anomalies, one metric a series: Numenta Anomaly Benchmark',
    figures: {
      standard: standard!,
      rewardLowFp: rewardLowFp!,
      rewardLowFn: rewardLowFn!,
      windowsFound: first.alarms.found,
      windows: first.alarms.windows,
      falseAlarms: first.alarms.falseAlarms,
      falseAlarmsPerDay: round4(first.alarms.perDay),
      falseAlarmAt01Pct: rate(0.001),
      falseAlarmAt1Pct: rate(0.01),
      falseAlarmAt5Pct: rate(0.05),
    },
    tables: [
      {
        title: 'NAB scores; 0 says nothing, 100 is perfect',
        headings: ['detector', 'standard', 'low FP', 'low FN', 'windows found', 'false alarms', 'a day and series'],
        rows: rows.map(({ name, profiles, alarms }) => [
          name,
          ...profiles.map(({ score }) => Number(score.toFixed(1))),
          `${alarms.found} of ${alarms.windows}`,
          alarms.falseAlarms,
          Number(alarms.perDay.toFixed(3)),
        ]),
        note: 'Windows and false alarms at the threshold that is best for the standard profile.',
      },
      promiseTable(
        kept,
        series.map(({ name }) => name),
      ),
    ],
    plots: [tradeOff(series, new Map(rows.map(({ name }) => [name, scoresOf(name)]))), reliabilityPlot(keptBy)],
    timelines: series.map((it, i) => {
      const scores = scoresOf(first.name)[i]!;
      const { threshold } = first.profiles[0]!;
      const alarms = [...scores.keys()].filter((row) => row >= it.probation && scores[row]! >= threshold);
      const { statistics } = runs.get(first.name)![i]!;
      return timeline(it.name, it.times, (row) => it.values[row]!, statistics, it.windows, alarms);
    }),
    notes: [
      'Every detector streams each series once, knowing nothing of what comes; one configuration and one threshold for all series.',
      `Rates promised and measured are those of ${first.name}; its p-values rank each row among the ten thousand before it.`,
    ],
  };
};
