import type { AnomalyParameters } from './parameters.ts';
import type { StateLayout } from './state.ts';

/** Levels are logarithms of amounts; beyond this the square of an amount is no float any more. */
const highestLevel = 40;

/** Squared pivots below this are rounding, not variance. */
const smallestPivot = 1e-6;

/** How far the metrics of one window lie from where they usually lie together. */
export interface JointDistance {
  /** Take the level of a metric in this window; `judged` when its baseline is old enough. */
  take(states: Float32Array, offset: number, metric: number, level: number, judged: boolean): void;
  /**
   * The distance of what was taken since the last call, which is then learned.
   *
   * @param caution factor on learning, 0 to 1
   * @param parts receives each metric's part: 0 and up, together the distance
   * @returns squared Mahalanobis distance over the judged metrics; about their number where all is usual
   */
  settle(states: Float32Array, offset: number, caution: number, parts: Float64Array): number;
}

/** Place of the moment of two metrics, `row` at least `column`, in the triangle of them. */
const triangle = (row: number, column: number): number => (row * (row + 1)) / 2 + column;

/**
 * Make the joint distance: per subject the mean and deviation of each metric's amount, and how amounts vary together,
 * each with a long memory. Amounts, not logarithms: a metric that is near nothing most of the time then says little.
 *
 * A metric's part is its term of the quadratic form, its own distance times its pull on the whole, cut at 0 and scaled
 * so that parts add up to the distance: a metric that has not moved has none, however oddly the others left it behind.
 *
 * @param metrics number of metrics
 */
export const createJointDistance = (
  metrics: number,
  layout: StateLayout,
  parameters: AnomalyParameters,
): JointDistance => {
  const { jointMemory, jointPrior, jointRidge, jointClip, jointFloor, priorWindows, priorDeviation } = parameters;
  const z = new Float64Array(metrics);
  const rates = new Float64Array(metrics);
  const present: number[] = [];
  const judged: number[] = [];
  const factor = new Float64Array(metrics * metrics);
  const inverse = new Float64Array(metrics * metrics);
  const whitened = new Float64Array(metrics);

  /** Cholesky factor of the moments of the judged metrics, with a ridge, and the inverse of the factor. */
  const factorise = (states: Float32Array, momentsAt: number): void => {
    const n = judged.length;
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        let sum = states[momentsAt + triangle(judged[i]!, judged[j]!)]! + (i === j ? 1 + jointRidge : 0);
        for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
        // Of the diagonal only its reciprocal is needed, and a product costs less than a quotient.
        if (i === j) inverse[i * n + i] = 1 / Math.sqrt(Math.max(sum, smallestPivot));
        else factor[i * n + j] = sum * inverse[j * n + j]!;
      }
    for (let column = 0; column < n; column++)
      for (let i = column + 1; i < n; i++) {
        let sum = 0;
        for (let k = column; k < i; k++) sum -= factor[i * n + k]! * inverse[k * n + column]!;
        inverse[i * n + column] = sum * inverse[i * n + i]!;
      }
  };

  const distance = (states: Float32Array, offset: number, parts: Float64Array): number => {
    const n = judged.length;
    if (n === 0) return 0;
    factorise(states, offset + layout.moments);
    let total = 0;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let k = 0; k <= i; k++) sum += inverse[i * n + k]! * z[judged[k]!]!;
      whitened[i] = sum;
      total += sum * sum;
    }
    let positive = 0;
    for (let i = 0; i < n; i++) {
      let pull = 0;
      for (let k = i; k < n; k++) pull += inverse[k * n + i]! * whitened[k]!;
      const part = Math.max(0, z[judged[i]!]! * pull);
      parts[judged[i]!] = part;
      positive += part;
    }
    if (positive > 0) for (const metric of judged) parts[metric]! *= total / positive;
    return total;
  };

  return {
    take(states, offset, metric, level, judge) {
      const amount = Math.expm1(Math.min(level, highestLevel));
      const seen = states[offset + layout.metricSeen + metric]!;
      const meanAt = offset + layout.amount + metric;
      const deviationAt = offset + layout.amountDeviation + metric;
      if (seen === 0) {
        states[meanAt] = amount;
        states[deviationAt] = priorDeviation * Math.abs(amount) + 1;
      }
      const scale = Math.max(states[deviationAt]!, jointFloor * Math.abs(states[meanAt]!) + 1);
      z[metric] = (amount - states[meanAt]!) / scale;
      present.push(metric);
      if (judge) judged.push(metric);
    },
    settle(states, offset, caution, parts) {
      parts.fill(0);
      for (const metric of present) z[metric] = Math.min(jointClip, Math.max(-jointClip, z[metric]!));
      const total = distance(states, offset, parts);
      for (const metric of present) {
        const seen = states[offset + layout.metricSeen + metric]!;
        const meanAt = offset + layout.amount + metric;
        const deviationAt = offset + layout.amountDeviation + metric;
        const deviation = states[deviationAt]!;
        const scale = Math.max(deviation, jointFloor * Math.abs(states[meanAt]!) + 1);
        const moved = z[metric]! * scale;
        rates[metric] = caution / Math.min(seen + 1 + jointPrior, jointMemory);
        states[meanAt]! += (caution / Math.min(seen + 1, jointMemory)) * moved;
        const rate = caution / Math.min(seen + 1 + priorWindows, jointMemory);
        states[deviationAt] = Math.sqrt(deviation * deviation + rate * (moved * moved - deviation * deviation));
      }
      // Moments are kept less those of metrics that vary each for itself, so that a state of zeros expects just that.
      for (const [i, row] of present.entries())
        for (let k = 0; k <= i; k++) {
          const column = present[k]!;
          const at = offset + layout.moments + triangle(row, column);
          const product = z[row]! * z[column]! - (row === column ? 1 : 0);
          // The pair is as old as the younger of both.
          states[at]! += Math.max(rates[row]!, rates[column]!) * (product - states[at]!);
        }
      present.length = 0;
      judged.length = 0;
      return total;
    },
  };
};
