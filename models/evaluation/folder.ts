import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EbbtideError } from '../../schemas/errors.ts';
import { chooseDetectors } from '../detectors/index.ts';
import { type Evaluation, type Evaluator, mean, round4 } from './evaluation.ts';
import { averagePrecision, bestF1, precisionRecall } from './precisionRecall.ts';
import { keepPromise, promiseTable } from './promise.ts';
import { runSeries, usualInterval } from './runSeries.ts';
import { labelledRuns, timeline } from './timeline.ts';

/** One CSV of one's own: a time, then metrics, and perhaps a label. */
export interface OwnSeries {
  readonly name: string;
  readonly metrics: readonly string[];
  readonly times: Float64Array;
  /** rows × metrics; an empty cell is NaN */
  readonly values: Float64Array;
  /** 1 is anomalous; absent without a column `label`. */
  readonly labels?: Uint8Array;
}

/** Share of a series' first rows that is taken as benign, to learn from. */
const learningShare = 1 / 3;
const fewestRows = 60;

const numberOf = (cell: string): number => (cell.trim() === '' ? Number.NaN : Number(cell));

const timeOf = (cell: string): number => {
  const text = cell.trim();
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text) * (Number(text) < 1e11 ? 1000 : 1);
  return Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
};

/**
 * Parse a CSV whose first column is a time (ISO 8601, or epoch in s or ms), whose column `label`, if there is one, is 1
 * where a row is anomalous, and whose other columns are metrics.
 *
 * @throws EbbtideError DATA_MISSING when it has no metrics, too few rows, or a cell of another kind
 */
export const parseOwnSeries = (text: string, name: string): OwnSeries => {
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const columns = header.split(',').map((column) => column.trim());
  const label = columns.indexOf('label');
  const metrics = columns.map((_, column) => column).filter((column) => column > 0 && column !== label);
  const fail = (what: string) => new EbbtideError('DATA_MISSING', `${name}: ${what}`, { name });
  if (metrics.length === 0) throw fail('no metric beside the time; the first row must name the columns');
  if (lines.length < fewestRows) throw fail(`${lines.length} rows are too few; at least ${fewestRows} are needed`);
  const times = new Float64Array(lines.length);
  const values = new Float64Array(lines.length * metrics.length);
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, row) => {
    const cells = line.split(',');
    if (cells.length !== columns.length) throw fail(`row ${row + 2} has ${cells.length} cells, not ${columns.length}`);
    times[row] = timeOf(cells[0]!);
    if (Number.isNaN(times[row])) throw fail(`row ${row + 2} begins with "${cells[0]}", which is no time`);
    if (row > 0 && times[row]! < times[row - 1]!) throw fail(`row ${row + 2} is older than the one before it`);
    metrics.forEach((column, i) => {
      const value = numberOf(cells[column]!);
      if (Number.isNaN(value) && cells[column]!.trim() !== '' && !/^nan$/i.test(cells[column]!.trim()))
        throw fail(`row ${row + 2} has "${cells[column]}" for ${columns[column]}, which is no number`);
      values[row * metrics.length + i] = value;
    });
    if (label >= 0) labels[row] = Number(cells[label]) === 1 ? 1 : 0;
  });
  return { name, metrics: metrics.map((column) => columns[column]!), times, values, ...(label >= 0 ? { labels } : {}) };
};

const readFolder = (folder: string): OwnSeries[] => {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.csv')) : [];
  if (files.length === 0)
    throw new EbbtideError(
      'DATA_MISSING',
      `No CSV lies in ${folder}; each needs a time and at least one metric a row`,
      {
        folder,
      },
    );
  return files.sort().map((file) => parseOwnSeries(readFileSync(join(folder, file), 'utf8'), file));
};

/** Series of one's own: the first third of each is taken as benign, the rest is judged. */
export const evaluateFolder: Evaluator = async ({ folder, detectors: names, onProgress, signal }) => {
  const series = readFolder(folder);
  const chosen = chooseDetectors(names);
  const rows: (string | number)[][] = [];
  const own: { kept: ReturnType<typeof keepPromise>; scores: Float64Array; from: number }[] = [];
  const measures: { aucPr: number; f1: number }[] = [];
  let done = 0;
  for (const [name, detector] of chosen)
    for (const it of series) {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
      onProgress(done++, series.length * chosen.length, `${name} on ${it.name}`);
      const metrics = it.metrics.length;
      const learned = Math.floor(it.times.length * learningShare);
      // One metric is watched from its first row on; several are fitted first, on most of what is taken as benign.
      const from = metrics === 1 ? 0 : Math.floor(learned * 0.8);
      const info = { name: it.name, metrics, intervalMs: usualInterval(it.times), learningRows: learned };
      const learning = metrics === 1 ? undefined : it.values.subarray(0, from * metrics);
      const result = await runSeries(
        detector,
        info,
        it.values.subarray(from * metrics),
        it.times.subarray(from),
        learning,
      );
      const calibration = result.statistics.subarray(0, learned - from);
      const labels = (it.labels ?? new Uint8Array(it.times.length)).subarray(learned);
      const kept = keepPromise(calibration, result.statistics.subarray(learned - from), (row) => labels[row] === 0);
      const scores = result.scores.subarray(learned - from);
      const days = (it.times.at(-1)! - it.times[learned]!) / 86_400_000;
      const curve = labels.includes(1) ? precisionRecall(scores, labels) : undefined;
      const aucPr = curve ? averagePrecision(curve) : Number.NaN;
      const f1 = curve ? bestF1(curve) : Number.NaN;
      const alarms = kept.pValues.filter((p) => p <= 0.001).length;
      rows.push([
        name,
        it.name,
        scores.length,
        alarms,
        Number((kept.episodes(0.001) / Math.max(days, 1e-9)).toFixed(2)),
        ...(curve ? [aucPr.toFixed(3), f1.toFixed(3)] : ['no labels', '']),
      ]);
      if (name !== chosen[0]![0]) continue;
      own.push({ kept, scores, from: learned });
      if (curve) measures.push({ aucPr, f1 });
    }
  onProgress(1, 1, 'scored');
  const figures: Evaluation['figures'] = {
    series: series.length,
    ...(measures.length > 0
      ? { aucPr: round4(mean(measures.map((it) => it.aucPr))), bestF1: round4(mean(measures.map((it) => it.f1))) }
      : {}),
    falseAlarmAt1Pct: round4(mean(own.map(({ kept }) => kept.measured([0.01])[0]!))),
  };
  return {
    name: 'anomaly-own',
    title: `Resource anomalies in ${folder}`,
    figures,
    tables: [
      {
        title: 'Alarms at p ≤ 0.1 %',
        headings: ['detector', 'series', 'rows judged', 'alarms', 'episodes a day', 'AUC-PR', 'best F1'],
        rows,
      },
      promiseTable(
        own.map(({ kept }) => kept),
        series.map(({ name }) => name),
      ),
    ],
    plots: [],
    timelines: series.map((it, i) => {
      const { kept, scores, from } = own[i]!;
      const metrics = it.metrics.length;
      const value = (row: number) => it.values[(from + row) * metrics]!;
      const alarms = [...kept.pValues.keys()].filter((row) => kept.pValues[row]! <= 0.001);
      const labels = it.labels?.subarray(from) ?? new Uint8Array(0);
      return timeline(it.name, it.times.subarray(from), value, scores, labelledRuns(labels), alarms);
    }),
    notes: ['The first third of each series is taken as benign. Without labels every row counts as benign.'],
  };
};
