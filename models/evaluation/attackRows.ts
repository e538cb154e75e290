import { learnStandard } from '../detectors/standardise.ts';
import type { SmdMachine } from './smdData.ts';
import { labelledRuns } from './timeline.ts';

/** Metrics that a data theft would move: processor, bytes and packets out, connections. */
const moved = [0, 19, 21, 25];

/** Rows of a day. */
export const rowsPerDay = 1440;

/** Rows of a machine that are attacked. */
export const rowsUsed = 5 * rowsPerDay;

/** How far a thief moves each metric, for how long at a time, and how often on the rows that are judged. */
export const theft = { spreads: 4, rows: 30, episodes: 20 } as const;

/** A machine to be attacked. */
export interface Ground {
  readonly name: string;
  readonly metrics: number;
  readonly learning: Float64Array;
  readonly calibration: Float64Array;
  /** rows × metrics, benign */
  readonly benign: Float64Array;
  readonly spreads: Float64Array;
}

/** Learning and calibration rows of a machine, and its longest benign stretch. */
export const groundOf = ({ name, metrics, train, test, labels }: SmdMachine): Ground => {
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

/** One array after another. */
export const join = (...of: Float64Array[]): Float64Array => {
  const result = new Float64Array(of.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of of) {
    result.set(one, at);
    at += one.length;
  }
  return result;
};

/** The benign rows with a rise that grows by so many spreads of each metric a day. */
export const drift = ({ benign, metrics, spreads }: Ground, perDay: number): Float64Array =>
  benign.map((value, at) => {
    const metric = at % metrics;
    return moved.includes(metric) ? value + (spreads[metric]! * perDay * Math.floor(at / metrics)) / rowsPerDay : value;
  });

/** Episodes of theft, evenly spaced over a share of the rows. */
export const steal = (rows: Float64Array, { metrics, spreads }: Ground, episodes: number) => {
  const stolen = rows.slice();
  const total = rows.length / metrics;
  const begins = Array.from({ length: episodes }, (_, i) => Math.floor(((i + 0.5) * total) / episodes));
  for (const begin of begins)
    for (let row = begin; row < Math.min(total, begin + theft.rows); row++)
      for (const metric of moved) stolen[row * metrics + metric]! += theft.spreads * spreads[metric]!;
  return { stolen, begins };
};

/** Keep the most usual part of the learning rows: the guard against a poisoned baseline. */
export const trim = (rows: Float64Array, metrics: number, keep: number): Float64Array => {
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
