import { EbbtideError } from '../../schemas/errors.ts';
import { chooseDetectors } from '../detectors/index.ts';
import { type Evaluator, mean, type ReportPlot, round4, round6 } from './evaluation.ts';
import { averagePrecision, bestF1, type CurvePoint, precisionRecall } from './precisionRecall.ts';
import { keepPromise, type PromiseKept, promiseTable, reliabilityPlot } from './promise.ts';
import { runSeries } from './runSeries.ts';
import { readSmdMachines, type SmdMachine, smdIntervalMs } from './smdData.ts';
import { labelledRuns, timeline } from './timeline.ts';

/** The last fifth of a machine's training rows calibrates: detectors stream it, but do not fit it. */
const learningShare = 0.8;
const rowsPerDay = 1440;
/** Machines' rows carry no time; they begin here. */
const startMs = Date.UTC(2019, 0, 1);

/** A detector's result on one machine. */
interface MachineResult {
  readonly curve: readonly CurvePoint[];
  readonly aucPr: number;
  readonly bestF1: number;
  readonly kept: PromiseKept;
  readonly scores: Float64Array;
}

const judge = async (detector: Parameters<typeof runSeries>[0], machine: SmdMachine): Promise<MachineResult> => {
  const { name, metrics, train, test, labels } = machine;
  const learned = Math.floor((train.length / metrics) * learningShare) * metrics;
  const calibrationRows = (train.length - learned) / metrics;
  const rows = new Float64Array(train.length - learned + test.length);
  rows.set(train.subarray(learned));
  rows.set(test, train.length - learned);
  const times = Float64Array.from({ length: rows.length / metrics }, (_, row) => startMs + row * smdIntervalMs);
  const info = { name, metrics, intervalMs: smdIntervalMs, learningRows: 0 };
  const { scores, statistics } = await runSeries(detector, info, rows, times, train.subarray(0, learned));
  const judged = scores.subarray(calibrationRows);
  const curve = precisionRecall(judged, labels);
  const calibration = statistics.subarray(0, calibrationRows);
  return {
    curve,
    aucPr: averagePrecision(curve),
    bestF1: bestF1(curve),
    kept: keepPromise(calibration, statistics.subarray(calibrationRows), (row) => labels[row] === 0),
    scores: judged,
  };
};

/** Mean over machines of the precision at each recall. */
const meanCurve = (named: ReadonlyMap<string, readonly MachineResult[]>): ReportPlot => ({
  title: 'Precision and recall, mean over machines',
  x: 'recall',
  y: 'precision',
  curves: [...named].map(([name, results]) => ({
    name,
    points: Array.from({ length: 51 }, (_, i) => {
      const recall = i / 50;
      return [
        recall,
        mean(results.map(({ curve }) => curve.find((it) => it.recall >= recall)?.precision ?? 0)),
      ] as const;
    }),
  })),
});

/** Server Machine Dataset: per machine area under the precision–recall curve and best F1, row by row. */
export const evaluateSmd: Evaluator = async ({ folder, detectors: names, onProgress, signal }) => {
  const machines = readSmdMachines(folder);
  const chosen = chooseDetectors(names);
  const results = new Map<string, MachineResult[]>();
  const total = machines.length * chosen.length;
  let done = 0;
  for (const [name, detector] of chosen) {
    const all: MachineResult[] = [];
    for (const machine of machines) {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
      onProgress(done++, total, `${name} on machine ${machine.name}`);
      all.push(await judge(detector, machine));
    }
    results.set(name, all);
  }
  onProgress(total, total, 'scored');

  const [first, own] = [...results][0]!;
  const kept = own.map((it) => it.kept);
  const rate = (promised: number) => round6(mean(kept.map((it) => it.measured([promised])[0]!)));
  const episodesADay = (of: readonly MachineResult[]) =>
    mean(of.map(({ kept }) => (kept.episodes(0.001) * rowsPerDay) / kept.benignRows));
  return {
    name: 'anomaly-smd',
    title: 'Resource anomalies, many metrics: Server Machine Dataset',
    figures: {
      aucPr: round4(mean(own.map((it) => it.aucPr))),
      bestF1: round4(mean(own.map((it) => it.bestF1))),
      falseAlarmAt01Pct: rate(0.001),
      falseAlarmAt1Pct: rate(0.01),
      falseAlarmAt5Pct: rate(0.05),
      falseEpisodesPerDayAt01Pct: round4(episodesADay(own)),
      machines: machines.length,
    },
    tables: [
      {
        title: 'Area under precision–recall and best F1, row by row, mean over machines',
        headings: ['detector', 'AUC-PR', 'best F1', ...machines.map(({ name }) => name), 'episodes a day'],
        rows: [...results].map(([name, all]) => [
          name,
          Number(mean(all.map((it) => it.aucPr)).toFixed(3)),
          Number(mean(all.map((it) => it.bestF1)).toFixed(3)),
          ...all.map((it) => Number(it.aucPr.toFixed(2))),
          Number(episodesADay(all).toFixed(2)),
        ]),
        note: 'Columns by machine are AUC-PR. Episodes: runs of benign rows with p ≤ 0.1 %, a day and machine. Never point-adjusted.',
      },
      promiseTable(
        kept,
        machines.map(({ name }) => name),
      ),
    ],
    plots: [
      meanCurve(results),
      reliabilityPlot(new Map([...results].map(([name, all]) => [name, all.map((it) => it.kept)]))),
    ],
    timelines: machines.map(({ name, metrics, test, labels }, i) => {
      const { scores, kept } = own[i]!;
      const times = Float64Array.from(labels, (_, row) => startMs + row * smdIntervalMs);
      const alarms = [...kept.pValues.keys()].filter((row) => kept.pValues[row]! <= 0.001);
      return timeline(`machine ${name}`, times, (row) => test[row * metrics]!, scores, labelledRuns(labels), alarms);
    }),
    notes: [
      'Detectors fit the first four fifths of a machine’s training rows and stream the last fifth, which calibrates, and the test rows.',
      `Rates promised and measured are those of ${first}.`,
    ],
  };
};
