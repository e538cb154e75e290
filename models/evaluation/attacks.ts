import { EbbtideError } from '../../schemas/errors.ts';
import { frozenPValues } from '../detectors/conformal.ts';
import type { Detector } from '../detectors/detector.ts';
import { ridgeForecast } from '../detectors/jointForecast.ts';
import { type MultivariateParts, watchMany } from '../detectors/multivariate.ts';
import { learnStandard } from '../detectors/standardise.ts';
import { type Evaluator, mean, type ReportPlot, type ReportTable, round4 } from './evaluation.ts';
import { keepPromise } from './promise.ts';
import { runSeries } from './runSeries.ts';
import { readSmdMachines, type SmdMachine, smdIntervalMs } from './smdData.ts';
import { labelledRuns } from './timeline.ts';

/** Metrics that a data theft would move: processor, bytes and packets out, connections. */
const moved = [0, 19, 21, 25];
const rowsPerDay = 1440;
/** Machines and rows of each that are attacked: those with the longest benign stretch. */
const machinesUsed = 4;
const rowsUsed = 5 * rowsPerDay;
/** An alarm is at least this many rows of the last ten below this p-value. */
const alarm = { p: 0.001, rows: 3, of: 10 };
/** How fast a boiling frog rises, in spreads of each metric a day. */
const speeds = [0.5, 1, 2, 5, 20];
/** Share of the learning rows in which a poisoner is at work. */
const shares = [0, 0.01, 0.05, 0.2];
/** How far a poisoner moves each metric, and for how long at a time. */
const theft = { spreads: 3, rows: 30, episodes: 20 };

const parts: MultivariateParts = { principal: true, forecasts: [ridgeForecast] };
const detectorOf = (of: MultivariateParts): Detector => ({
  summary: '',
  begin: ({ metrics }, learning) => watchMany(metrics, learning!, of),
});
const adapting = detectorOf(parts);
const anchored = detectorOf({ ...parts, anchored: true });

interface Ground {
  readonly name: string;
  readonly metrics: number;
  readonly learning: Float64Array;
  readonly calibration: Float64Array;
  /** rows × metrics, benign */
  readonly benign: Float64Array;
  readonly spreads: Float64Array;
}

const groundOf = ({ name, metrics, train, test, labels }: SmdMachine): Ground => {
  const benignRuns = labelledRuns(labels.map((label) => 1 - label));
  const [from, to] = benignRuns.reduce((best, run) => (run[1] - run[0] > best[1] - best[0] ? run : best), [0, 0]);
  const learned = Math.floor((train.length / metrics) * 0.8) * metrics;
  return {
    name,
    metrics,
    learning: train.subarray(0, learned),
    calibration: train.subarray(learned),
    benign: test.subarray(from * metrics, Math.min(to, from + rowsUsed) * metrics),
    spreads: learnStandard(train.subarray(0, learned), metrics).spreads,
  };
};

const join = (...of: Float64Array[]): Float64Array => {
  const result = new Float64Array(of.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of of) {
    result.set(one, at);
    at += one.length;
  }
  return result;
};

/** P-values of a stretch behind the calibration rows, adapting and frozen. */
const watch = async (detector: Detector, ground: Ground, learning: Float64Array, rows: Float64Array) => {
  const all = join(ground.calibration, rows);
  const times = Float64Array.from({ length: all.length / ground.metrics }, (_, row) => row * smdIntervalMs);
  const info = { name: ground.name, metrics: ground.metrics, intervalMs: smdIntervalMs, learningRows: 0 };
  const { statistics } = await runSeries(detector, info, all, times, learning);
  const calibrated = ground.calibration.length / ground.metrics;
  const [calibration, judged] = [statistics.subarray(0, calibrated), statistics.subarray(calibrated)];
  return {
    adaptive: keepPromise(calibration, judged, () => true).pValues,
    frozen: frozenPValues(calibration, judged),
  };
};

const alarmRows = (pValues: Float64Array): Uint8Array => {
  const alarms = new Uint8Array(pValues.length);
  let recent = 0;
  pValues.forEach((p, row) => {
    if (p <= alarm.p) recent++;
    if (row >= alarm.of && pValues[row - alarm.of]! <= alarm.p) recent--;
    alarms[row] = recent >= alarm.rows ? 1 : 0;
  });
  return alarms;
};

/** The first alarm that the same rows without the attack would not have raised within an hour. */
const firstOwnAlarm = (attacked: Uint8Array, clean: Uint8Array): number =>
  attacked.findIndex((it, row) => it === 1 && !clean.subarray(Math.max(0, row - 60), row + 60).includes(1));

const drift = ({ benign, metrics, spreads }: Ground, perDay: number): Float64Array =>
  benign.map((value, at) => {
    const metric = at % metrics;
    return moved.includes(metric) ? value + (spreads[metric]! * perDay * Math.floor(at / metrics)) / rowsPerDay : value;
  });

/** Episodes of theft, evenly spaced over a share of the rows. */
const steal = (rows: Float64Array, { metrics, spreads }: Ground, episodes: number) => {
  const stolen = rows.slice();
  const total = rows.length / metrics;
  const begins = Array.from({ length: episodes }, (_, i) => Math.floor(((i + 0.5) * total) / episodes));
  for (const begin of begins)
    for (let row = begin; row < Math.min(total, begin + theft.rows); row++)
      for (const metric of moved) stolen[row * metrics + metric]! += theft.spreads * spreads[metric]!;
  return { stolen, begins };
};

/** Keep the most usual part of the learning rows: the guard against a poisoned baseline. */
const trim = (rows: Float64Array, metrics: number, keep: number): Float64Array => {
  const count = rows.length / metrics;
  const column = (metric: number) =>
    Float64Array.from({ length: count }, (_, row) => rows[row * metrics + metric]!).sort();
  const centres = Array.from({ length: metrics }, (_, metric) => {
    const sorted = column(metric);
    const at = (share: number) => sorted[Math.floor(share * (count - 1))]!;
    return { middle: at(0.5), spread: Math.max(at(0.75) - at(0.25), 0.02) };
  });
  const distance = Float64Array.from({ length: count }, (_, row) =>
    centres.reduce(
      (most, { middle, spread }, metric) =>
        most + Math.min(25, ((rows[row * metrics + metric]! - middle) / spread) ** 2),
      0,
    ),
  );
  const limit = distance.toSorted()[Math.floor(keep * (count - 1))]!;
  const kept = [...distance.keys()].filter((row) => distance[row]! <= limit);
  return join(...kept.map((row) => rows.subarray(row * metrics, (row + 1) * metrics)));
};

const guards = [
  { name: 'adapting baseline and reference', detector: adapting, of: 'adaptive' },
  { name: 'adapting baseline, frozen reference', detector: adapting, of: 'frozen' },
  { name: 'anchored baseline, frozen reference', detector: anchored, of: 'frozen' },
] as const;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** How far attackers get who know how detectors learn, on real benign telemetry of SMD. */
export const evaluateAttacks: Evaluator = async ({ folder, onProgress, signal }) => {
  const grounds = readSmdMachines(folder)
    .map(groundOf)
    .sort((a, b) => b.benign.length - a.benign.length)
    .slice(0, machinesUsed);
  const total = grounds.length * (2 * (1 + speeds.length) + 2 * shares.length);
  let done = 0;
  const step = (note: string): void => {
    if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
    onProgress(done++, total, note);
  };

  /** Per guard and speed, per machine: spreads reached at the first alarm, or at the end of the stretch. */
  const reached = guards.map(() => speeds.map((): { spreads: number; found: boolean }[] => []));
  const falseShare = guards.map((): number[] => []);
  for (const ground of grounds)
    for (const detector of [adapting, anchored]) {
      step(`benign, ${ground.name}`);
      const clean = await watch(detector, ground, ground.learning, ground.benign);
      const own = guards.map((guard, i) => ({ ...guard, i })).filter((guard) => guard.detector === detector);
      for (const { i, of } of own) falseShare[i]!.push(mean([...alarmRows(clean[of])]));
      for (const [j, speed] of speeds.entries()) {
        step(`boiling frog, ${speed} spreads a day, ${ground.name}`);
        const attacked = await watch(detector, ground, ground.learning, drift(ground, speed));
        for (const { i, of } of own) {
          const row = firstOwnAlarm(alarmRows(attacked[of]), alarmRows(clean[of]));
          const last = ground.benign.length / ground.metrics;
          reached[i]![j]!.push({ spreads: ((row < 0 ? last : row) * speed) / rowsPerDay, found: row >= 0 });
        }
      }
    }

  /** Per share, learned from everything and from the most usual rows: share of thefts found. */
  const found = shares.map((): { plain: number[]; trimmed: number[] } => ({ plain: [], trimmed: [] }));
  for (const ground of grounds)
    for (const [i, share] of shares.entries()) {
      const rows = ground.learning.length / ground.metrics;
      const { stolen: poisoned } = steal(ground.learning, ground, Math.round((share * rows) / theft.rows));
      const { stolen, begins } = steal(ground.benign, ground, theft.episodes);
      const calibrationEpisodes = Math.round((share * ground.calibration.length) / ground.metrics / theft.rows);
      const dirty = { ...ground, calibration: steal(ground.calibration, ground, calibrationEpisodes).stolen };
      for (const guard of ['plain', 'trimmed'] as const) {
        step(`poisoned baseline, ${share * 100} %, ${ground.name}`);
        const learning = guard === 'plain' ? poisoned : trim(poisoned, ground.metrics, 0.75);
        const calibration = guard === 'plain' ? dirty.calibration : trim(dirty.calibration, ground.metrics, 0.75);
        const { frozen } = await watch(adapting, { ...dirty, calibration }, learning, stolen);
        const alarms = alarmRows(frozen);
        found[i]![guard].push(
          mean(begins.map((begin) => Number(alarms.subarray(begin, begin + theft.rows).includes(1)))),
        );
      }
    }
  onProgress(total, total, 'done');

  const frog: ReportTable = {
    title: 'Boiling frog: spreads reached at the first alarm of its own, median over machines',
    headings: ['guard', ...speeds.map((speed) => `${speed} a day`), 'alarm rows without attack'],
    rows: guards.map(({ name }, i) => [
      name,
      ...reached[i]!.map((machines) => {
        const caught = machines.filter((it) => it.found).length;
        return `${median(machines.map((it) => it.spreads)).toFixed(1)} (${caught} of ${machines.length} found)`;
      }),
      `${(100 * mean(falseShare[i]!)).toFixed(2)} %`,
    ]),
    note: `Processor, bytes and packets out and connections rise together for at most ${rowsUsed / rowsPerDay} days; an alarm is ${alarm.rows} of ${alarm.of} rows with p ≤ ${alarm.p}. Where nothing is found, what is reached is where the stretch ends.`,
  };
  const poison: ReportTable = {
    title: `Poisoned baseline: share of ${theft.rows}-minute thefts found that were also in the learning rows`,
    headings: ['share of learning rows', 'learned from all', 'learned from the most usual 75 %'],
    rows: shares.map((share, i) => [
      `${share * 100} %`,
      Number(mean(found[i]!.plain).toFixed(2)),
      Number(mean(found[i]!.trimmed).toFixed(2)),
    ]),
    note: `Each theft moves four metrics by ${theft.spreads} spreads.`,
  };
  const plot: ReportPlot = {
    title: 'Boiling frog: how far before an alarm',
    x: 'spreads a day',
    y: 'spreads reached, median over machines',
    logarithmic: true,
    curves: guards.map(({ name }, i) => ({
      name,
      points: speeds.map((speed, j) => [speed, median(reached[i]![j]!.map((it) => it.spreads))] as const),
    })),
  };
  const at = (guard: number, speed: number) =>
    round4(median(reached[guard]![speeds.indexOf(speed)]!.map((it) => it.spreads)));
  return {
    name: 'anomaly-attacks',
    title: 'Attackers who know how detectors learn, on benign telemetry of the Server Machine Dataset',
    figures: {
      frogReachAdapting: at(0, 1),
      frogReachFrozen: at(1, 1),
      frogReachAnchored: at(2, 1),
      poisonFoundPlainAt5Pct: round4(mean(found[2]!.plain)),
      poisonFoundTrimmedAt5Pct: round4(mean(found[2]!.trimmed)),
      poisonFoundPlainAt20Pct: round4(mean(found[3]!.plain)),
      poisonFoundTrimmedAt20Pct: round4(mean(found[3]!.trimmed)),
    },
    tables: [frog, poison],
    plots: [plot],
    timelines: [],
    notes: [
      'Statistics alone are attacked here: they decide as the joined detector does, and run in a fraction of its time.',
    ],
  };
};
