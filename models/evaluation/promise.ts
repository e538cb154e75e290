import { Conformal } from '../detectors/conformal.ts';
import { mean, type ReportPlot, type ReportTable } from './evaluation.ts';

/** False-alarm rates that are promised and measured. */
export const promisedRates = [0.001, 0.01, 0.05] as const;

/** P-values of a series' judged rows, and what they say of its benign ones. */
export interface PromiseKept {
  readonly pValues: Float64Array;
  /** Share of benign rows with a p-value at or below each rate of a list. */
  measured(rates: readonly number[]): number[];
  /** Runs of benign rows with p at or below a rate, ten quiet rows apart. */
  episodes(rate: number): number;
  readonly benignRows: number;
}

/** Rows without an alarm that end an episode. */
const gapRows = 10;

/**
 * Calibrate a stream by conformal p-values and count on benign rows how often they fall below a promise.
 *
 * @param calibration statistics of benign rows before the judged ones
 * @param statistics of the judged rows
 * @param benign 1 where a judged row is benign
 */
export const keepPromise = (
  calibration: Float64Array,
  statistics: Float64Array,
  benign: (row: number) => boolean,
): PromiseKept => {
  const conformal = new Conformal(calibration);
  const pValues = statistics.map((statistic) => conformal.next(statistic));
  const quiet = pValues.filter((_, row) => benign(row)).sort();
  const upTo = (rate: number): number => {
    let low = 0;
    let high = quiet.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (quiet[middle]! <= rate) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    pValues,
    benignRows: quiet.length,
    measured: (rates) => rates.map((rate) => upTo(rate) / Math.max(1, quiet.length)),
    episodes(rate) {
      let episodes = 0;
      let last = Number.NEGATIVE_INFINITY;
      pValues.forEach((p, row) => {
        if (p > rate || !benign(row)) return;
        if (row - last > gapRows) episodes++;
        last = row;
      });
      return episodes;
    },
  };
};

/** A table of promised and measured rates, in the mean over series and in the worst. */
export const promiseTable = (kept: readonly PromiseKept[], names: readonly string[]): ReportTable => ({
  title: 'False alarms, promised and measured on benign rows',
  headings: ['promised', 'measured', 'ratio', 'worst ratio', 'worst series'],
  rows: promisedRates.map((rate) => {
    const measured = kept.map((it) => it.measured([rate])[0]!);
    const worst = measured.indexOf(Math.max(...measured));
    return [
      `${rate * 100} %`,
      `${(100 * mean(measured)).toFixed(3)} %`,
      Number((mean(measured) / rate).toFixed(2)),
      Number((measured[worst]! / rate).toFixed(2)),
      names[worst]!,
    ];
  }),
});

/** Promised against measured rates over the whole range. */
export const reliabilityPlot = (named: ReadonlyMap<string, readonly PromiseKept[]>): ReportPlot => {
  const rates = Array.from({ length: 25 }, (_, i) => 10 ** (-3.5 + (i * 3.5) / 24));
  return {
    title: 'Reliability: false-alarm rate, promised and measured',
    x: 'promised rate',
    y: 'measured rate on benign rows, mean over series',
    logarithmic: true,
    diagonal: true,
    curves: [...named].map(([name, kept]) => {
      const measured = kept.map((it) => it.measured(rates));
      return { name, points: rates.map((rate, i) => [rate, mean(measured.map((it) => it[i]!))] as const) };
    }),
  };
};
