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
  const present = new Int32Array(metrics);
  const judged = new Int32Array(metrics);
  const factor = new Float64Array(metrics * metrics);
  const reciprocal = new Float64Array(metrics);
  const solved = new Float64Array(metrics);
  let taken = 0;
  let known = 0;

  /**
   * With the Cholesky factor L of the judged metrics' moments and a ridge: w = L⁻¹ z, whose square is the distance, and
   * L⁻ᵀ w, the pull of each metric on it. Loops are plain, and quotients few, since this runs for every window.
   */
  const distance = (states: Float32Array, momentsAt: number, parts: Float64Array): number => {
    let total = 0;
    for (let i = 0; i < known; i++) {
      const rowAt = momentsAt + triangle(judged[i]!, 0);
      const own = i * metrics;
      let rest = z[judged[i]!]!;
      let pivot = states[rowAt + judged[i]!]! + 1 + jointRidge;
      for (let j = 0; j < i; j++) {
        const other = j * metrics;
        let sum = states[rowAt + judged[j]!]!;
        for (let k = 0; k < j; k++) sum -= factor[own + k]! * factor[other + k]!;
        const value = sum * reciprocal[j]!;
        factor[own + j] = value;
        pivot -= value * value;
        rest -= value * solved[j]!;
      }
      const inverse = 1 / Math.sqrt(Math.max(pivot, smallestPivot));
      reciprocal[i] = inverse;
      solved[i] = rest * inverse;
      total += solved[i]! * solved[i]!;
    }
    let positive = 0;
    for (let i = known - 1; i >= 0; i--) {
      let pull = solved[i]!;
      for (let k = i + 1; k < known; k++) pull -= factor[k * metrics + i]! * solved[k]!;
      pull *= reciprocal[i]!;
      solved[i] = pull;
      const part = Math.max(0, z[judged[i]!]! * pull);
      parts[judged[i]!] = part;
      positive += part;
    }
    const scale = positive > 0 ? total / positive : 0;
    for (let i = 0; i < known; i++) parts[judged[i]!]! *= scale;
    return total;
  };

  return {
    take(states, offset, metric, level, judge) {
      const amount = Math.expm1(Math.min(level, highestLevel));
      const meanAt = offset + layout.amount + metric;
      const deviationAt = offset + layout.amountDeviation + metric;
      if (states[offset + layout.metricSeen + metric]! === 0) {
        states[meanAt] = amount;
        states[deviationAt] = priorDeviation * Math.abs(amount) + 1;
      }
      const scale = Math.max(states[deviationAt]!, jointFloor * Math.abs(states[meanAt]!) + 1);
      z[metric] = Math.min(jointClip, Math.max(-jointClip, (amount - states[meanAt]!) / scale));
      present[taken++] = metric;
      if (judge) judged[known++] = metric;
    },
    settle(states, offset, caution, parts) {
      parts.fill(0);
      const total = distance(states, offset + layout.moments, parts);
      let age = -1;
      let [ofMean, ofDeviation, ofMoments] = [0, 0, 0];
      for (let i = 0; i < taken; i++) {
        const metric = present[i]!;
        const seen = states[offset + layout.metricSeen + metric]!;
        if (seen !== age) {
          // Metrics mostly are of one age, and quotients cost.
          age = seen;
          ofMean = caution / Math.min(seen + 1, jointMemory);
          ofDeviation = caution / Math.min(seen + 1 + priorWindows, jointMemory);
          ofMoments = caution / Math.min(seen + 1 + jointPrior, jointMemory);
        }
        const meanAt = offset + layout.amount + metric;
        const deviationAt = offset + layout.amountDeviation + metric;
        const deviation = states[deviationAt]!;
        const scale = Math.max(deviation, jointFloor * Math.abs(states[meanAt]!) + 1);
        const moved = z[metric]! * scale;
        rates[metric] = ofMoments;
        states[meanAt]! += ofMean * moved;
        states[deviationAt] = Math.sqrt(deviation * deviation + ofDeviation * (moved * moved - deviation * deviation));
      }
      // Moments are kept less those of metrics that vary each for itself, so that a state of zeros expects just that.
      for (let i = 0; i < taken; i++) {
        const row = present[i]!;
        const rowAt = offset + layout.moments + triangle(row, 0);
        const ofRow = rates[row]!;
        const zOfRow = z[row]!;
        for (let k = 0; k <= i; k++) {
          const column = present[k]!;
          const product = zOfRow * z[column]! - (k === i ? 1 : 0);
          // The pair is as old as the younger of both.
          const rate = Math.max(ofRow, rates[column]!);
          const moment = states[rowAt + column]!;
          states[rowAt + column] = moment + rate * (product - moment);
        }
      }
      taken = 0;
      known = 0;
      return total;
    },
  };
};
