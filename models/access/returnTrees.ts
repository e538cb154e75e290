import { hourMs } from './calendar.ts';
import type { ReturnCase } from './grid.ts';
import { likeliestReturn, returnBins, returnChances, returnEdges, returnFeatureCount } from './returns.ts';
import { type TreeRows, type Trees, treesLogit } from './trees.ts';

/** Bins of sessions that ended, until each next one or until nothing is known any more. */
export const returnRows = (cases: readonly ReturnCase[], fromMs: number, toMs: number): TreeRows => {
  const x: Float32Array[] = [];
  const y: number[] = [];
  for (const { lastMs, gapHours, x: bins } of cases) {
    if (lastMs < fromMs || lastMs >= toMs) continue;
    const known = Math.min(gapHours, (toMs - lastMs) / hourMs);
    for (let bin = 0; bin < returnBins && returnEdges[bin]! < known; bin++) {
      const [lower, upper] = [returnEdges[bin]!, returnEdges[bin + 1]!];
      const here = gapHours >= lower && gapHours < upper && gapHours === known;
      if (!here && upper > known) break;
      x.push(bins.subarray(bin * returnFeatureCount, (bin + 1) * returnFeatureCount));
      y.push(here ? 1 : 0);
      if (here) break;
    }
  }
  const all = new Float32Array(x.length * returnFeatureCount);
  x.forEach((row, i) => {
    all.set(row, i * returnFeatureCount);
  });
  return { x: all, y: Uint8Array.from(y), features: returnFeatureCount };
};

const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** The reach with which the median error of held-back returns is smallest. */
export const chooseReach = (trees: Trees, cases: readonly ReturnCase[]): { reach: number; error: number } => {
  const chances = cases.map(({ x }) =>
    returnChances(Array.from({ length: returnBins }, (_, bin) => treesLogit(trees, x, bin * returnFeatureCount))),
  );
  const tried = [0.75, 1, 1.5, 2].map((reach) => ({
    reach,
    error: medianOf(cases.map(({ gapHours }, i) => Math.abs(likeliestReturn(chances[i]!, reach) - gapHours))),
  }));
  return tried.reduce((best, it) => (it.error < best.error ? it : best));
};
