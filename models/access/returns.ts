import { type Calendar, hourMs } from './calendar.ts';
import { chanceOfCell, recencyHazard } from './chances.ts';
import { accessFeatures, fillAccessFeatures } from './features.ts';
import { cellOf, historyLayout } from './history.ts';

/** Edges of the bins of time from a session's last access to the next one, hours. */
export const returnEdges: readonly number[] = [
  ...Array.from({ length: 22 }, (_, i) => 1 + i / 2),
  ...Array.from({ length: 24 }, (_, i) => 12 + i),
  ...Array.from({ length: 18 }, (_, i) => 36 + 2 * i),
  ...Array.from({ length: 17 }, (_, i) => 72 + 6 * i),
];

/** Bins of a return. */
export const returnBins = returnEdges.length - 1;

const dynamic = [
  'ahead',
  'length',
  'hour',
  'weekday',
  'startChance',
  'hourChance',
  'recencyHazard',
  'sinceSame',
] as const;

/** Floats that describe a session's end and one bin after it. */
export const returnFeatureCount = accessFeatures.size + dynamic.length;

/**
 * Describe a session that has ended, and each bin in which the next may begin.
 *
 * @param state of the pair at the beginning of the hour after the session's last access
 * @param lastMs the session's last access
 * @param out receives bins × {@link returnFeatureCount}
 */
export const fillReturn = (
  state: Float32Array,
  shared: Float32Array,
  calendar: Calendar,
  lastMs: number,
  out: Float32Array,
): void => {
  const known = { state, shared };
  fillAccessFeatures(state, shared, calendar, out, 0);
  const hour = state[historyLayout.hour]!;
  for (let bin = 0; bin < returnBins; bin++) {
    const at = bin * returnFeatureCount;
    if (bin > 0) out.copyWithin(at, 0, accessFeatures.size);
    const [from, to] = [returnEdges[bin]!, returnEdges[bin + 1]!];
    const middle = lastMs + ((from + to) / 2) * hourMs;
    const local = calendar.at(middle);
    const cell = cellOf(calendar, middle);
    out.set(
      [
        (from + to) / 2,
        to - from,
        local.hour + (middle % hourMs) / hourMs,
        (local.weekday + 6) % 7,
        chanceOfCell(known, cell, 'startsIn', 2),
        chanceOfCell(known, cell, 'activeIn', 2),
        recencyHazard(known, Math.floor(middle / hourMs) - hour + 1),
        Math.abs((from + to) / 2 - state[historyLayout.gaps]!),
      ],
      at + accessFeatures.size,
    );
  }
};

/** Density of a return, as chances of the bins. */
export const returnChances = (logits: ArrayLike<number>): Float64Array => {
  const chances = new Float64Array(returnBins);
  let left = 1;
  for (let bin = 0; bin < returnBins; bin++) {
    const hazard = 1 / (1 + Math.exp(-logits[bin]!));
    chances[bin] = left * hazard;
    left -= chances[bin]!;
  }
  return chances;
};

/**
 * The time around which a return is likeliest: the middle of the stretch of so many hours to either side that holds most
 * of its chance.
 *
 * @returns hours after the session's last access
 */
export const likeliestReturn = (chances: Float64Array, reachHours: number): number => {
  const until = (hours: number): number => {
    let sum = 0;
    for (let bin = 0; bin < returnBins; bin++) {
      const [from, to] = [returnEdges[bin]!, returnEdges[bin + 1]!];
      if (hours <= from) break;
      sum += chances[bin]! * Math.min(1, (hours - from) / (to - from));
    }
    return sum;
  };
  let best = { hours: returnEdges[0]!, mass: -1 };
  for (let hours = returnEdges[0]!; hours <= 72; hours += 0.125) {
    const mass = until(hours + reachHours) - until(hours - reachHours);
    if (mass > best.mass + 1e-12) best = { hours, mass };
  }
  return best.hours;
};
