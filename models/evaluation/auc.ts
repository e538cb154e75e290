/**
 * Area under the ROC curve: the chance that a positive ranks above a negative, ties halved.
 *
 * @param positives - scores of what is looked for
 * @param negatives - scores of everything else
 * @returns 0 to 1; NaN where one of them is empty
 */
export const areaUnderRoc = (positives: readonly number[], negatives: readonly number[]): number => {
  const sorted = [...negatives].sort((a, b) => a - b);
  const before = (value: number, orEqual: boolean): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (orEqual ? sorted[middle]! <= value : sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const wins = positives.reduce((sum, value) => sum + (before(value, false) + before(value, true)) / 2, 0);
  return wins / (positives.length * negatives.length);
};

/** Points of the ROC curve, from (0, 0) to (1, 1). */
export const rocOf = (positives: readonly number[], negatives: readonly number[]): [number, number][] => {
  const thresholds = [...new Set([...positives, ...negatives])].sort((a, b) => b - a);
  const share = (values: readonly number[], from: number) => values.filter((it) => it >= from).length / values.length;
  return [[0, 0], ...thresholds.map((from): [number, number] => [share(negatives, from), share(positives, from)])];
};
