import { everybodyLayout as all } from './everybody.ts';
import { historyLayout as own, recencyBin } from './history.ts';

/** State of a pair, and of everybody. */
interface Known {
  readonly state: Float32Array;
  readonly shared: Float32Array;
}

const neighbours = (cell: number): readonly [number, number] => {
  const base = cell < 24 ? 0 : 24;
  const hour = cell - base;
  return [base + ((hour + 23) % 24), base + ((hour + 1) % 24)];
};

/** Smoothed chance of a cell, shrunk to everybody's, which is shrunk to a twentieth. */
export const chanceOfCell = (moment: Known, cell: number, of: 'activeIn' | 'startsIn', weight: number): number => {
  const [before, after] = neighbours(cell);
  const smooth = (values: Float32Array, at: number) =>
    0.5 * values[at + cell]! + 0.25 * (values[at + before]! + values[at + after]!);
  const { state, shared } = moment;
  const pooled = (smooth(shared, all[of]) + 0.05) / (smooth(shared, all.seenIn) + 1);
  return (smooth(state, own[of]) + weight * pooled) / (smooth(state, own.seenIn) + weight);
};

/** Chance of an hour by the hours since the last access, shrunk to everybody's. */
export const recencyHazard = (moment: Known, lag: number): number => {
  const bin = recencyBin(lag);
  const { state, shared } = moment;
  const pooled = (shared[all.activeAfter + bin]! + 0.05) / (shared[all.seenAfter + bin]! + 1);
  return (state[own.activeAfter + bin]! + 20 * pooled) / (state[own.seenAfter + bin]! + 20);
};
