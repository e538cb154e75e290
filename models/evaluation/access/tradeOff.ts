import { hourMs } from '../../access/calendar.ts';
import { sessionGapMs } from '../../access/history.ts';
import type { GapPolicy } from './policies.ts';

/** A stretch without access that is longer than a session's pauses. */
export interface Gap {
  /** Place of the pair among the judged ones. */
  readonly pair: number;
  readonly lastMs: number;
  /** The access that ended it; infinity where none did. */
  readonly nextMs: number;
  /** Hours of the pair's gaps before, oldest first. */
  readonly before: readonly number[];
}

/** What is judged: gaps that reach into a range of time, of so many pairs. */
export interface GapSet {
  readonly gaps: readonly Gap[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly pairs: number;
}

/** What a policy achieves. */
export interface PolicyPoint {
  /** Share of session starts that found a credential ready. */
  readonly hitRate: number;
  /** Minutes a pair and day that a credential lay unused. */
  readonly wastedMinutes: number;
}

/**
 * Gaps of pairs that reach into a range.
 *
 * @param accesses of each pair, epoch ms in order of time
 */
export const gapsIn = (accesses: readonly (readonly number[])[], fromMs: number, toMs: number): GapSet => {
  const gaps: Gap[] = [];
  accesses.forEach((times, pair) => {
    const before: number[] = [];
    times.forEach((lastMs, i) => {
      const nextMs = times[i + 1] ?? Number.POSITIVE_INFINITY;
      if (nextMs - lastMs <= sessionGapMs) return;
      if (lastMs < toMs && nextMs >= fromMs) gaps.push({ pair, lastMs, nextMs, before: [...before] });
      before.push((nextMs - lastMs) / hourMs);
    });
  });
  return { gaps, fromMs, toMs, pairs: accesses.length };
};

/** Whether the gap ends, with a session's start, in the range that is judged. */
const starts = ({ fromMs, toMs }: GapSet, { nextMs }: Gap): boolean => nextMs >= fromMs && nextMs < toMs;

const pointOf = (set: GapSet, hits: number, wastedMs: number): PolicyPoint => ({
  hitRate: hits / set.gaps.filter((gap) => starts(set, gap)).length,
  wastedMinutes: wastedMs / 60_000 / (set.pairs * ((set.toMs - set.fromMs) / 86_400_000)),
});

/** Judge a policy that decides once a gap. */
export const judgeGapPolicy = (set: GapSet, policy: GapPolicy): PolicyPoint => {
  let [hits, wasted] = [0, 0];
  for (const gap of set.gaps) {
    const { fromHours, toHours } = policy(gap.before);
    const [from, to] = [gap.lastMs + fromHours * hourMs, gap.lastMs + toHours * hourMs];
    if (starts(set, gap) && gap.nextMs >= from && gap.nextMs < to) hits++;
    const end = Math.min(to, gap.nextMs, set.toMs);
    wasted += Math.max(0, end - Math.max(from, set.fromMs));
  }
  return pointOf(set, hits, wasted);
};

/**
 * Judge a policy that has a credential ready in hours whose chance is at least a threshold, for every threshold.
 *
 * @param chances hours × pairs, of the hours from `fromMs` on; known when each hour begins
 * @returns from the strictest threshold on
 */
export const judgeHourly = (set: GapSet, chances: Float64Array): PolicyPoint[] => {
  // Each hour of a gap, with the minutes it would lie unused and whether the gap ends in it
  const cells: { chance: number; wastedMs: number; hit: number }[] = [];
  for (const gap of set.gaps) {
    const end = Math.min(gap.nextMs, set.toMs);
    // What is ready in the hour of the last access was taken by it
    const first = Math.max(Math.floor(gap.lastMs / hourMs) + 1, set.fromMs / hourMs);
    for (let hour = first; hour * hourMs <= end && hour * hourMs < set.toMs; hour++) {
      const chance = chances[(hour - set.fromMs / hourMs) * set.pairs + gap.pair]!;
      const here = Math.floor(gap.nextMs / hourMs) === hour;
      cells.push({
        chance,
        wastedMs: Math.min(end, (hour + 1) * hourMs) - hour * hourMs,
        hit: here && starts(set, gap) ? 1 : 0,
      });
    }
  }
  cells.sort((a, b) => b.chance - a.chance);
  const points: PolicyPoint[] = [];
  let [hits, wasted] = [0, 0];
  cells.forEach(({ chance, wastedMs, hit }, i) => {
    hits += hit;
    wasted += wastedMs;
    if (hit === 1 || i + 1 === cells.length)
      if (cells[i + 1]?.chance !== chance) points.push(pointOf(set, hits, wasted));
  });
  return points;
};

/** Settings that no other beats in both, by waste. */
export const frontier = (points: readonly PolicyPoint[]): PolicyPoint[] => {
  let best = Number.NEGATIVE_INFINITY;
  return [...points]
    .sort((a, b) => a.wastedMinutes - b.wastedMinutes || b.hitRate - a.hitRate)
    .filter(({ hitRate }) => {
      if (hitRate <= best) return false;
      best = hitRate;
      return true;
    });
};

/**
 * The least waste at which a hit rate is reached; between settings it is interpolated, as if one were drawn by chance.
 *
 * @returns NaN where no setting reaches it
 */
export const wasteAt = (points: readonly PolicyPoint[], hitRate: number): number => {
  let best = Number.NaN;
  const take = (wasted: number): void => {
    if (!(best <= wasted)) best = wasted;
  };
  const sorted = [...points].sort((a, b) => a.hitRate - b.hitRate);
  for (const { hitRate: reached, wastedMinutes } of sorted) if (reached >= hitRate) take(wastedMinutes);
  const below = sorted.filter((it) => it.hitRate < hitRate);
  const above = sorted.filter((it) => it.hitRate >= hitRate);
  const [from, to] = [below.at(-1), above[0]];
  if (from && to) {
    const part = (hitRate - from.hitRate) / (to.hitRate - from.hitRate);
    take(from.wastedMinutes + part * (to.wastedMinutes - from.wastedMinutes));
  }
  return best;
};
