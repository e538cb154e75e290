/** Edges of the bins of time to the next access, hours; beyond the last nothing is said. */
export const hazardEdges = [0, 1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 30, 36, 48, 72, 96, 120, 168] as const;

/** Bins of the hazard. */
export const hazardBins = hazardEdges.length - 1;

/** Bin of a number of hours ahead; {@link hazardBins} beyond the last edge. */
export const hazardBin = (hours: number): number => {
  let bin = 0;
  while (bin < hazardBins && hours >= hazardEdges[bin + 1]!) bin++;
  return bin;
};

/** Chance of no access before each edge of {@link hazardEdges}; within a bin it falls exponentially. */
export type Survival = Float64Array;

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/**
 * Survival at the edges.
 *
 * @param logits of the hazards, {@link hazardBins} of them from `offset` on
 */
export const survivalOf = (logits: ArrayLike<number>, offset = 0): Survival => {
  const survival = new Float64Array(hazardBins + 1).fill(1);
  for (let bin = 0; bin < hazardBins; bin++) survival[bin + 1] = survival[bin]! * (1 - sigmoid(logits[offset + bin]!));
  return survival;
};

/** Chance of no access within so many hours; constant beyond the last edge. */
export const survivalAt = (survival: Survival, hours: number): number => {
  if (hours <= 0) return 1;
  const bin = hazardBin(hours);
  if (bin === hazardBins) return survival[hazardBins]!;
  const [from, to] = [hazardEdges[bin]!, hazardEdges[bin + 1]!];
  const ratio = survival[bin + 1]! / survival[bin]!;
  return survival[bin]! * ratio ** ((hours - from) / (to - from));
};

/** Chance of an access within a window that begins and ends so many hours ahead. */
export const chanceWithin = (survival: Survival, fromHours: number, toHours: number): number =>
  survivalAt(survival, fromHours) - survivalAt(survival, toHours);

/**
 * Hours after which the chance of an access reaches a share.
 *
 * @returns infinity where it does not within the last edge
 */
export const quantileOf = (survival: Survival, share: number): number => {
  const wanted = 1 - share;
  for (let bin = 0; bin < hazardBins; bin++) {
    const [before, after] = [survival[bin]!, survival[bin + 1]!];
    if (after > wanted) continue;
    const [from, to] = [hazardEdges[bin]!, hazardEdges[bin + 1]!];
    if (before <= wanted) return from;
    const part = after > 0 ? Math.log(wanted / before) / Math.log(after / before) : (before - wanted) / before;
    return from + Math.min(1, part) * (to - from);
  }
  return Number.POSITIVE_INFINITY;
};
