import { aggregatesPerMetric, resourceMetrics } from '../features/resource.ts';
import type { FeatureSpec } from '../features/spec.ts';

/** Rows of telemetry, one column a metric in the order of `resourceMetrics`; NaN is missing. */
export type Columns = readonly Float64Array[];

/**
 * Cut rows into tumbling windows and make their feature vectors.
 *
 * @param columns one array a metric
 * @param from first row
 * @param windows how many windows
 * @param rowsPerWindow samples that fall into a window
 * @returns windows × `spec.size` floats
 */
export const windowVectors = (
  spec: FeatureSpec,
  columns: Columns,
  from: number,
  windows: number,
  rowsPerWindow: number,
): Float32Array => {
  const vectors = new Float32Array(windows * spec.size);
  const aggregates = new Float64Array(resourceMetrics.length * aggregatesPerMetric);
  for (let window = 0; window < windows; window++) {
    for (let metric = 0; metric < columns.length; metric++) {
      const column = columns[metric]!;
      let count = 0;
      let sum = 0;
      let squares = 0;
      let min = Number.POSITIVE_INFINITY;
      let max = Number.NEGATIVE_INFINITY;
      const start = from + window * rowsPerWindow;
      for (let row = start; row < start + rowsPerWindow; row++) {
        const value = column[row]!;
        if (Number.isNaN(value)) continue;
        count++;
        sum += value;
        squares += value * value;
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
      aggregates.set([count, sum, squares, min, max], metric * aggregatesPerMetric);
    }
    spec.fill(aggregates, 0, vectors, window * spec.size);
  }
  return vectors;
};
