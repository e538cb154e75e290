import { EbbtideError } from '../../schemas/errors.ts';
import { frozenPValues } from '../detectors/conformal.ts';
import type { Detector } from '../detectors/detector.ts';
import { ridgeForecast } from '../detectors/jointForecast.ts';
import { type MultivariateParts, watchMany } from '../detectors/multivariate.ts';
import { drift, type Ground, groundOf, join, rowsPerDay, rowsUsed, steal, theft, trim } from './attackRows.ts';
import { type Evaluator, mean, type ReportPlot, type ReportTable, round4 } from './evaluation.ts';
import { keepPromise } from './promise.ts';
import { runSeries } from './runSeries.ts';
import { readSmdMachines, smdIntervalMs } from './smdData.ts';

/** Machines that are attacked: those with the longest benign stretch. */
const machinesUsed = 4;
/** An alarm is at least this many of the last rows below this p-value: a lasting one, which chance seldom raises. */
const alarm = { p: 0.001, rows: 10, of: 20 };
/** How fast a boiling frog rises, in spreads of each metric a day. */
const speeds = [0.5, 1, 2, 5, 20];
/** Share of the learning rows in which a poisoner is at work. */
const shares = [0, 0.01, 0.05, 0.2];

const parts: MultivariateParts = { principal: true, forecasts: [ridgeForecast] };
const detectorOf = (of: MultivariateParts): Detector => ({
  summary: '',
  begin: ({ metrics }, learning) => watchMany(metrics, learning!, of),
});
const adapting = detectorOf(parts);
const anchored = detectorOf({ ...parts, anchored: true });

/** P-values of a stretch behind the calibration rows, adapting and frozen. */
const watch = async (detector: Detector, ground: Ground, learning: Float64Array, rows: Float64Array) => {
  const all = join(ground.calibration, rows);
  const times = Float64Array.from({ length: all.length / ground.metrics }, (_, row) => row * smdIntervalMs);
  const info = { name: ground.name, metrics: ground.metrics, intervalMs: smdIntervalMs, learningRows: 0 };
  const { statistics } = await runSeries(detector, info, all, times, learning);
  const calibrated = ground.calibration.length / ground.metrics;
  const [calibration, judged] = [statistics.subarray(0, calibrated), statistics.subarray(calibrated)];
  return {
    judged,
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

type Guard = 'adaptive' | 'frozen' | 'cohort';

const guards: readonly { readonly name: string; readonly detector: Detector; readonly of: Guard }[] = [
  { name: 'rank among its own last 10,000', detector: adapting, of: 'adaptive' },
  { name: 'rank among its own calibration, frozen', detector: adapting, of: 'frozen' },
  { name: 'the same, baseline anchored too', detector: anchored, of: 'frozen' },
  { name: 'rank among the other machines', detector: adapting, of: 'cohort' },
  { name: 'the same, baseline anchored', detector: anchored, of: 'cohort' },
];

type Learned = 'plain' | 'trimmed';

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** How far attackers get who know how detectors learn, on real benign telemetry of SMD. */
export const evaluateAttacks: Evaluator = async ({ folder, onProgress, signal }) => {
  const all = readSmdMachines(folder).map(groundOf);
  const grounds = all.toSorted((a, b) => b.benign.length - a.benign.length).slice(0, machinesUsed);
  const total = 2 * (all.length + grounds.length * speeds.length) + grounds.length * 2 * shares.length;
  let done = 0;
  const step = (note: string): void => {
    if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
    onProgress(done++, total, note);
  };

  /** Per guard and speed, per machine: spreads reached at the first alarm, or at the end of the stretch. */
  const reached = guards.map(() => speeds.map((): { spreads: number; found: boolean }[] => []));
  const falseShare = guards.map((): number[] => []);
  for (const detector of [adapting, anchored]) {
    const clean: { ground: Ground; seen: Awaited<ReturnType<typeof watch>> }[] = [];
    for (const ground of all) {
      step(`benign, ${ground.name}`);
      clean.push({ ground, seen: await watch(detector, ground, ground.learning, ground.benign) });
    }
    for (const ground of grounds) {
      // An attacker on one machine cannot move what the others are like.
      const others = join(...clean.filter((it) => it.ground !== ground).map((it) => it.seen.judged));
      const alarmsOf = (seen: (typeof clean)[number]['seen'], of: Guard): Uint8Array =>
        alarmRows(of === 'cohort' ? frozenPValues(others, seen.judged) : seen[of]);
      const quiet = clean.find((it) => it.ground === ground)!.seen;
      const own = guards.map((guard, i) => ({ ...guard, i })).filter((guard) => guard.detector === detector);
      for (const { i, of } of own) falseShare[i]!.push(mean([...alarmsOf(quiet, of)]));
      for (const [j, speed] of speeds.entries()) {
        step(`boiling frog, ${speed} spreads a day, ${ground.name}`);
        const attacked = await watch(detector, ground, ground.learning, drift(ground, speed));
        for (const { i, of } of own) {
          const row = firstOwnAlarm(alarmsOf(attacked, of), alarmsOf(quiet, of));
          const last = ground.benign.length / ground.metrics;
          reached[i]![j]!.push({ spreads: ((row < 0 ? last : row) * speed) / rowsPerDay, found: row >= 0 });
        }
      }
    }
  }

  /** Per share, learned from everything and from the most usual rows: share of thefts found. */
  const found = shares.map((): Record<Learned, number[]> => ({ plain: [], trimmed: [] }));
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
        // The threshold at which one benign row in a thousand would be an alarm.
        const quiet = await watch(adapting, { ...dirty, calibration }, learning, ground.benign);
        const threshold = quiet.judged.toSorted()[Math.floor(0.999 * quiet.judged.length)]!;
        const { judged } = await watch(adapting, { ...dirty, calibration }, learning, stolen);
        const seen = begins.filter((begin) =>
          judged.subarray(begin, begin + theft.rows).some((score) => score > threshold),
        );
        found[i]![guard].push(seen.length / begins.length);
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
  const foundAt = (share: number, guard: Learned) => mean(found[share]![guard]);
  const poison: ReportTable = {
    title: 'Poisoned baseline: share of thefts found whose like was in the learning rows',
    headings: ['share of learning rows', 'learned from all rows', 'learned from the most usual 75 %'],
    rows: shares.map((share, i) => [
      `${share * 100} %`,
      ...(['plain', 'trimmed'] as const).map((guard) => Number(foundAt(i, guard).toFixed(2))),
    ]),
    note: `Each theft moves four metrics by ${theft.spreads} spreads for ${theft.rows} minutes; found at a threshold that one benign row in a thousand exceeds.`,
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
      frogReachCohort: at(3, 1),
      poisonFoundPlainAt5Pct: round4(foundAt(2, 'plain')),
      poisonFoundTrimmedAt5Pct: round4(foundAt(2, 'trimmed')),
      poisonFoundPlainAt20Pct: round4(foundAt(3, 'plain')),
      poisonFoundTrimmedAt20Pct: round4(foundAt(3, 'trimmed')),
    },
    tables: [frog, poison],
    plots: [plot],
    timelines: [],
    notes: [
      'Statistics alone are attacked here: they score as the joined detector does, in a fraction of its time.',
      'The other machines’ scores are those of their whole stretch.',
    ],
  };
};
