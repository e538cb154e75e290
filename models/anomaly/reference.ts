import type { AnomalyParameters } from './parameters.ts';
import type { StateLayout } from './state.ts';

/** Lower edges of the bins in which a subject's surprises are counted, in decades of the cohort's p-value. */
export const referenceEdges: readonly number[] = [
  0, 0.15, 0.3, 0.5, 0.7, 0.9, 1.1, 1.35, 1.6, 1.85, 2.1, 2.4, 2.7, 3, 3.5, 4, 5, 6, 8, 11,
];

/** Bins of a subject's reference. */
export const referenceBins = referenceEdges.length;

/** Floats that a reference takes of a subject's state: counts that wait, shares that count, and how many they are. */
export const referenceSize = 2 * referenceBins + 1;

const last = referenceBins - 1;
const lastEdge = referenceEdges[last]!;

/** Mean excess over any threshold, in decades, where p-values are as promised. */
const promisedExcess = 1 / Math.LN10;

/** The tail begins where this share of a subject's windows lies beyond. */
const tailShare = 0.006;
const steepest = 0.5;
const flattest = 4;

const binOf = (surprise: number): number => {
  let bin = last;
  while (bin > 0 && referenceEdges[bin]! > surprise) bin--;
  return bin;
};

const middleOf = (bin: number): number =>
  bin === last ? lastEdge + promisedExcess : (referenceEdges[bin]! + referenceEdges[bin + 1]!) / 2;

/** The rolling reference of each subject: makes the cohort's p-values the subject's own. */
export interface Reference {
  /**
   * The subject's own surprise of a window, which is then learned.
   *
   * @param states - where the subject's state lies
   * @param offset - where it begins
   * @param surprise - −log10 of the p-value by the cohort's calibration
   * @returns −log10 of the subject's own p-value, 0 and up
   */
  of(states: Float32Array, offset: number, surprise: number): number;
}

/**
 * Make the reference that p-values of a subject adapt by: conformal with `referencePrior` windows of its cohort and up
 * to `referenceWindows` of its own, counted in bins, with an exponential tail beyond the last 0.6 %.
 *
 * Windows enter about `referenceDelay` windows after they were judged, and deviations wait while they last, so that
 * an anomaly does not vouch for itself. The cohort's windows never fade, so that the tail beyond what a subject has shown keeps a measure. A
 * subject's own windows lower a surprise by `mostRelief` decades at most, so that nobody can train the alarm away.
 */
export const createReference = (layout: StateLayout, parameters: AnomalyParameters): Reference => {
  const { referencePrior, referenceWindows, referenceDelay, mostRelief } = parameters;
  const deviation = -Math.log10(parameters.alarmP);
  const most = referenceWindows - referencePrior;

  /** Share of the subject's windows at or beyond a surprise; `shares` begin at `at`. */
  const beyond = (states: Float32Array, at: number, surprise: number, bin: number): number => {
    let above = 0;
    let excess = 0;
    let threshold = 0;
    let atThreshold = 1;
    for (let i = last; i > 0; i--) {
      const share = states[at + i]!;
      if (above + share > tailShare && threshold === 0) {
        threshold = i < last ? i + 1 : last;
        atThreshold = i < last ? above : share;
        break;
      }
      above += share;
      excess += share * middleOf(i);
    }
    let sum = 0;
    for (let i = bin + 1; i < referenceBins; i++) sum += states[at + i]!;
    const counted =
      bin === last
        ? states[at + last]! * 10 ** -(surprise - lastEdge)
        : sum +
          states[at + bin]! *
            (1 - (surprise - referenceEdges[bin]!) / (referenceEdges[bin + 1]! - referenceEdges[bin]!));
    if (bin < threshold || atThreshold <= 0) return counted;
    const from = referenceEdges[threshold]!;
    const slope = (excess / atThreshold - from) / promisedExcess;
    const decades = Math.min(flattest, Math.max(steepest, slope));
    return Math.max(counted, atThreshold * 10 ** (-(surprise - from) / decades));
  };

  return {
    of(states, offset, surprise) {
      if (most <= 0) return surprise;
      const waiting = offset + layout.reference;
      const shares = waiting + referenceBins;
      const countAt = shares + referenceBins;
      const count = states[countAt]!;
      const bin = binOf(surprise);
      const cohort = 10 ** -surprise;
      const own = count > 0 ? beyond(states, shares, surprise, bin) : cohort;
      const p = (referencePrior * cohort + count * own) / (referencePrior + count);
      const adapted = Math.max(-Math.log10(Math.min(1, p)), surprise - mostRelief, 0);

      states[waiting + bin] = states[waiting + bin]! + 1;
      let total = 0;
      for (let i = 0; i < referenceBins; i++) total += states[waiting + i]!;
      // A deviation is held back while it lasts, up to as many windows again as wait anyway.
      const held = adapted >= deviation && total < 2 * referenceDelay;
      const moved = held ? 0 : total / referenceDelay;
      const rate = moved > 0 ? moved / (count + moved) : 0;
      for (let i = 0; i < referenceBins; i++) {
        const waits = states[waiting + i]!;
        const share = states[shares + i]!;
        states[shares + i] = share + rate * (waits / total - share);
        states[waiting + i] = waits * (1 - moved / total);
      }
      states[countAt] = Math.min(most, count + moved);
      return adapted;
    },
  };
};
