import type { ReportTimeline } from './evaluation.ts';

/** Points of a timeline. */
const points = 480;

/** Make a timeline that fits on a page. */
export const timeline = (
  name: string,
  times: Float64Array,
  values: (row: number) => number,
  scores: Float64Array,
  labelled: readonly (readonly [number, number])[],
  alarms: readonly number[],
): ReportTimeline => {
  const rows = times.length;
  const count = Math.min(points, rows);
  const share = (row: number): number => Number((row / Math.max(1, rows)).toFixed(5));
  const short = (value: number): number => Number(value.toPrecision(4));
  const stretches = Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * rows) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * rows) / count));
    let most = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let row = from; row < to; row++) {
      most = Math.max(most, scores[row]!);
      sum += values(row);
    }
    return { score: short(most), value: short(sum / (to - from)) };
  });
  return {
    name,
    startMs: times[0] ?? 0,
    endMs: times.at(-1) ?? 0,
    scores: stretches.map(({ score }) => score),
    values: stretches.map(({ value }) => value),
    labelled: labelled.map(([from, to]) => [share(from), share(to + 1)] as const),
    alarms: alarms.map(share),
  };
};

/** Runs of rows labelled 1: first and last row of each. */
export const labelledRuns = (labels: Uint8Array): [number, number][] => {
  const runs: [number, number][] = [];
  labels.forEach((label, row) => {
    if (label !== 1) return;
    const last = runs.at(-1);
    if (last && last[1] === row - 1) last[1] = row;
    else runs.push([row, row]);
  });
  return runs;
};
