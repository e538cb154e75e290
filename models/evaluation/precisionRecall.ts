/** A point of the precision–recall curve. */
export interface CurvePoint {
  readonly recall: number;
  readonly precision: number;
  /** Scores at or above it are alarms. */
  readonly threshold: number;
}

/**
 * Precision and recall at every threshold, from the strictest on.
 *
 * @param scores larger is stranger
 * @param labels 1 is anomalous
 */
export const precisionRecall = (scores: Float64Array, labels: Uint8Array): CurvePoint[] => {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const points: CurvePoint[] = [];
  let found = 0;
  order.forEach((row, i) => {
    found += labels[row]!;
    const threshold = scores[row]!;
    // Equal scores stand or fall together.
    if (i + 1 < order.length && scores[order[i + 1]!] === threshold) return;
    points.push({ recall: found / Math.max(1, positives), precision: found / (i + 1), threshold });
  });
  return points;
};

/** Area under the curve as average precision: precision weighted by the gain in recall. */
export const averagePrecision = (points: readonly CurvePoint[]): number => {
  let area = 0;
  let before = 0;
  for (const { recall, precision } of points) {
    area += (recall - before) * precision;
    before = recall;
  }
  return area;
};

/** The largest F1 that any threshold reaches, row by row; nothing is adjusted. */
export const bestF1 = (points: readonly CurvePoint[]): number =>
  points.reduce(
    (best, { recall, precision }) => Math.max(best, (2 * recall * precision) / Math.max(1e-12, recall + precision)),
    0,
  );
