/** Error rates of a verifier at every threshold: scores at or above it are taken for an impostor's. */
export interface ErrorCurve {
  /** Share of impostors' samples that pass, by threshold ascending. */
  readonly miss: readonly number[];
  /** Share of the owner's samples that are refused. */
  readonly falseAlarm: readonly number[];
  /** Thresholds, ascending; the last refuses nothing. */
  readonly thresholds: readonly number[];
}

/** Rates of both errors over all thresholds that differ. */
export const errorCurve = (genuine: readonly number[], impostor: readonly number[]): ErrorCurve => {
  const own = genuine.toSorted((a, b) => a - b);
  const foreign = impostor.toSorted((a, b) => a - b);
  const thresholds = [...new Set([...own, ...foreign])].sort((a, b) => a - b);
  thresholds.push(Number.POSITIVE_INFINITY);
  let ownBelow = 0;
  let foreignBelow = 0;
  const miss: number[] = [];
  const falseAlarm: number[] = [];
  for (const threshold of thresholds) {
    while (ownBelow < own.length && own[ownBelow]! < threshold) ownBelow++;
    while (foreignBelow < foreign.length && foreign[foreignBelow]! < threshold) foreignBelow++;
    miss.push(foreignBelow / foreign.length);
    falseAlarm.push(1 - ownBelow / own.length);
  }
  return { miss, falseAlarm, thresholds };
};

/** Where both rates are equal, between the two thresholds that enclose it on a straight line (Killourhy and Maxion). */
export const equalErrorRate = ({ miss, falseAlarm }: ErrorCurve): number => {
  const after = miss.findIndex((rate, i) => rate >= falseAlarm[i]!);
  const before = Math.max(0, after - 1);
  const [m0, m1, f0, f1] = [miss[before]!, miss[after]!, falseAlarm[before]!, falseAlarm[after]!];
  const turn = f0 - m0 + (m1 - f1);
  return turn === 0 ? m1 : m0 + ((f0 - m0) / turn) * (m1 - m0);
};

/** Share of the owner's samples that are refused where no impostor's passes. */
export const zeroMissFalseAlarm = ({ miss, falseAlarm }: ErrorCurve): number =>
  miss.reduce((least, rate, i) => (rate === 0 ? Math.min(least, falseAlarm[i]!) : least), 1);

/** Area under the ROC curve: the chance that an impostor's score is above the owner's, ties half. */
export const areaUnderRoc = (genuine: readonly number[], impostor: readonly number[]): number => {
  const own = genuine.toSorted((a, b) => a - b);
  const rank = (value: number, orEqual: boolean): number => {
    let [low, high] = [0, own.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (own[middle]! < value || (orEqual && own[middle] === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const wins = impostor.reduce((sum, value) => sum + (rank(value, false) + rank(value, true)) / 2, 0);
  return wins / (genuine.length * impostor.length);
};
