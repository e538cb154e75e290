import type { FeatureSpec } from '../features/spec.ts';
import type { AnomalyParameters } from './parameters.ts';
import { type StateLayout, streams } from './state.ts';
import type { Observation } from './tracker.ts';

/** One feature's part in a score, as `Contribution` of `schemas/Score.avsc`. */
export interface Explanation {
  readonly feature: string;
  /** Share of the statistic, 0 to 1. */
  readonly weight: number;
  readonly direction: 'above' | 'below' | '';
  /** Amounts in `unit`; null where the feature is missing. */
  readonly expected: number | null;
  readonly observed: number | null;
  readonly unit: string;
}

/** What a call of {@link AnomalyModel.score} gives, one entry a row; the arrays are the caller's to keep. */
export interface AnomalyScores {
  /** Severity and frequency joined, 0 to 1, six decimals. */
  readonly score: Float64Array;
  /** How strange this moment is, 0 to 1: 1 is a p-value of a millionth. */
  readonly severity: Float64Array;
  /** How many more deviations than benign subjects show lately, 0 to 1. */
  readonly frequency: Float64Array;
  /** Share of benign windows at least as strange, 0 to 1, of the subject itself and of its cohort. */
  readonly pValue: Float64Array;
  /** The same of the cohort alone, which the subject cannot move. */
  readonly cohortP: Float64Array;
  /** The smoothed statistic itself, to rank by. */
  readonly statistic: Float64Array;
  /** 1 while the subject's history is too short to judge; its score is 0 then. */
  readonly learning: Uint8Array;
  /** Windows of time since the subject's last, 1 without a gap. */
  readonly elapsed: Float64Array;
  /**
   * The features that moved a row's score.
   *
   * @param i the row
   * @param top how many at most
   * @returns heaviest first; weights are shares of the whole, 0 to 1
   */
  contributions(i: number, top: number): Explanation[];
  /** Largest distance of a metric above its anchor, in limits: above 1 the subject has strayed. */
  readonly strayed: Float64Array;
  /** Name of the feature that it is of; empty for none. */
  strayedFeature(i: number): string;
  /** Rows × features: each feature's part in the statistic, smoothed as it is. */
  readonly parts: Float32Array;
}

const rounding = 1e6;

/** Six decimals, so that the last bits of a processor's arithmetic never decide. */
export const round6 = (value: number): number => Math.round(value * rounding) / rounding;

/** Added to smoothed energies before the logarithm: to be calmer than usual says little. */
const energyFloor = 0.1;

/**
 * The statistic: mean of the logarithms of the smoothed energies, 0 for a normal subject.
 *
 * @param states holds the smoothed energies at `at`
 */
export const statisticOf = (states: Float32Array, at: number): number => {
  // One logarithm of the product costs less than six, and the product is far from the ends of what a float holds.
  let product = 1;
  for (let stream = 0; stream < streams; stream++) product *= (states[at + stream]! + energyFloor) / (1 + energyFloor);
  return Math.log(product) / streams;
};

/** Severity of −log10 p, 0 to 1. */
export const severityOf = (surprise: number, parameters: AnomalyParameters): number =>
  Math.min(1, Math.max(0, surprise / parameters.severityDecades));

/** −log10 of the p-values of one window. */
export interface Surprises {
  /** By the subject's own reference, 0 and up. */
  readonly own: number;
  /** By its cohort alone, 0 and up. */
  readonly cohort: number;
}

/**
 * Update a subject's count of deviations and give its frequency.
 *
 * The p-value adapts to a subject within some ten windows, or it would not keep what it promises. Its count of
 * deviations is slower: while a subject is young, a few windows of an attack are a large share of its history, and a
 * second attack would find itself excused by the first. So deviations count by the cohort up to `trustWindows` windows, and
 * its own reference relieves a subject of them by and by until twice as many.
 *
 * What a subject is learns slowly from whatever deviates by either, so that it does not come to resemble an attack.
 *
 * @returns 0 to 1
 */
export const countDeviation = (
  states: Float32Array,
  offset: number,
  layout: StateLayout,
  { seen, elapsed }: Observation,
  { own, cohort }: Surprises,
  parameters: AnomalyParameters,
): number => {
  const { alarmP, frequencyWindows, frequencyScale, mostRelief, trustWindows } = parameters;
  const deviation = -Math.log10(alarmP);
  const trust = Math.min(1, Math.max(0, seen / trustWindows - 1));
  const deviates = Math.max(own, cohort - trust * mostRelief) >= deviation;
  const count = states[offset + layout.frequency]! * Math.exp(-elapsed / frequencyWindows) + (deviates ? 1 : 0);
  states[offset + layout.frequency] = count;
  states[offset + layout.deviating] = Math.max(own, cohort) >= deviation ? 1 : 0;
  return 1 - Math.exp(-Math.max(0, count - alarmP * frequencyWindows) / frequencyScale);
};

/** Join severity and frequency: either alone can raise the score, both together raise it most. */
export const joinScore = (severity: number, frequency: number, parameters: AnomalyParameters): number =>
  1 - (1 - severity) * (1 - parameters.frequencyWeight * frequency);

const mostStrayedScore = 0.75;

/**
 * The least score of a subject that has strayed from its anchor: it grows with the distance, so that what strays is
 * first not extended and then shortened. It never revokes by itself: by its anchor alone nobody is guilty.
 *
 * @param strayed - distance above the anchor, in limits
 * @returns 0 up to the limit, beyond it `strayedScore` and up to 0.75
 */
export const strayedScoreOf = (strayed: number, { strayedScore }: AnomalyParameters): number =>
  strayed > 1 ? Math.min(mostStrayedScore, strayedScore * strayed) : 0;

const digits = 4;
const rounded = (amount: number): number => Number(amount.toPrecision(digits));

/** Space for the scores of `n` rows. */
export const allocateScores = (n: number, spec: FeatureSpec, metricCount: number) => {
  const { size, features } = spec;
  const strayedMetric = new Int32Array(n).fill(-1);
  const parts = new Float32Array(n * size);
  const expected = new Float32Array(n * size);
  const observed = new Float32Array(n * size);
  const explain = (row: number, feature: number, weight: number): Explanation => {
    const { name, unit } = features[feature]!;
    const wanted = expected[row * size + feature]!;
    const found = observed[row * size + feature]!;
    if (!Number.isFinite(wanted) || !Number.isFinite(found))
      return { feature: name, weight, direction: '', expected: null, observed: null, unit };
    return {
      feature: name,
      weight,
      direction: found >= wanted ? 'above' : 'below',
      expected: rounded(spec.amountOf(feature, wanted)),
      observed: rounded(spec.amountOf(feature, found)),
      unit,
    };
  };
  const heaviest = new Int32Array(size);
  const weights = new Float64Array(size);
  const goesBefore = (feature: number, weight: number, at: number): boolean =>
    weight > weights[at]! || (weight === weights[at] && features[feature]!.name < features[heaviest[at]!]!.name);
  return {
    score: new Float64Array(n),
    severity: new Float64Array(n),
    frequency: new Float64Array(n),
    pValue: new Float64Array(n),
    cohortP: new Float64Array(n),
    statistic: new Float64Array(n),
    learning: new Uint8Array(n),
    elapsed: new Float64Array(n),
    strayed: new Float64Array(n),
    strayedMetric,
    strayedFeature(i: number) {
      const metric = strayedMetric[i]!;
      return metric < 0 ? '' : features[metric * (size / metricCount)]!.name;
    },
    parts,
    expected,
    observed,
    contributions(i: number, top: number) {
      const from = i * size;
      let total = 0;
      for (let feature = 0; feature < size; feature++) total += parts[from + feature]!;
      if (!(total > 0)) return [];
      // Heaviest first, by insertion: few are wanted of few.
      let count = 0;
      for (let feature = 0; feature < size; feature++) {
        const weight = round6(parts[from + feature]! / total);
        if (!(weight > 0)) continue;
        let at = count;
        while (at > 0 && goesBefore(feature, weight, at - 1)) at--;
        if (at >= top) continue;
        if (count < top) count++;
        for (let i = count - 1; i > at; i--) {
          heaviest[i] = heaviest[i - 1]!;
          weights[i] = weights[i - 1]!;
        }
        heaviest[at] = feature;
        weights[at] = weight;
      }
      return Array.from({ length: count }, (_, at) => explain(i, heaviest[at]!, weights[at]!));
    },
  } satisfies AnomalyScores & Record<string, unknown>;
};
