import type { Lane } from '../../../view/lane.ts';

/** Columns of a chart: times in seconds, then one column a line; null is a gap. */
export type Columns = [number[], ...(number | null)[][]];

/** A pause in the scores longer than this is a gap, milliseconds. */
const gapMs = 120_000;
/** An end is followed by nothing. */
const stepMs = 1;

/** Remaining life over time, seconds: it falls with the clock, and jumps where another expiry was known. */
export const lifeColumns = (lane: Lane, from: number, now: number): Columns => {
  const times: number[] = [];
  const left: (number | null)[] = [];
  const put = (at: number, expiresAt: number): void => {
    times.push(at / 1_000);
    left.push(Math.max(0, expiresAt - at) / 1_000);
  };
  const { pairs } = lane.life;
  for (let index = 0; index < pairs.length; index += 2) {
    const [at, expiresAt] = [pairs[index]!, pairs[index + 1]!];
    const until = Math.min(now, pairs[index + 2] ?? now);
    if (until <= from || until < at) continue;
    put(Math.max(from, at), expiresAt);
    if (expiresAt > from && expiresAt < until) put(Math.max(expiresAt, at), expiresAt);
    put(Math.max(at, until - stepMs), expiresAt);
  }
  return [times, left];
};

/** Score, severity and frequency over time, 0 to 1. */
export const scoreColumns = (lane: Lane, traits: readonly number[], from: number): Columns => {
  const byTime = new Map<number, readonly [number, number]>();
  for (let index = 0; index < traits.length; index += 3)
    byTime.set(traits[index]!, [traits[index + 1]!, traits[index + 2]!]);
  const columns: [number[], (number | null)[], (number | null)[], (number | null)[]] = [[], [], [], []];
  const [times, scores, severities, frequencies] = columns;
  let before = 0;
  for (let index = 0; index < lane.scores.length; index += 2) {
    const [at, score] = [lane.scores[index]!, lane.scores[index + 1]!];
    if (at < from) continue;
    if (before > 0 && at - before > gapMs) {
      times.push((before + stepMs) / 1_000);
      for (const column of [scores, severities, frequencies]) column.push(null);
    }
    before = at;
    const [severity, frequency] = byTime.get(at) ?? [null, null];
    times.push(at / 1_000);
    scores.push(score < 0 ? null : score);
    severities.push(severity);
    frequencies.push(frequency);
  }
  return columns;
};
