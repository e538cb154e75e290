import { keystrokeCurves, type RiskCurves, statisticalLogOdds } from './risk.ts';
import type { Template } from './template.ts';
import type { Verifier } from './verifier.ts';
import { weightedQuantile } from './weighted.ts';

/** Distances in one feature count up to this many scales: one slip is not another person. */
const clip = 4;
/** Share of the template's weight that must be near. */
const near = 0.1;

/**
 * How far a sample is from the nearest tenth of somebody's samples: the mean over features of the distance in their own
 * scales, clipped, at the weighted quantile 0.1 over samples.
 *
 * @param sample one sample's features, transformed as the template's
 * @returns a dissimilarity from 0 to 4; people differ from themselves by about 1
 */
export const distance = (template: Template, sample: Float64Array): number => {
  const { features, rows, weights, scale } = template;
  const distances = new Float64Array(weights.length);
  for (let row = 0; row < distances.length; row++) {
    let sum = 0;
    for (let i = 0, at = row * features; i < features; i++, at++) {
      const far = Math.abs(sample[i]! - rows[at]!) / scale[i]!;
      sum += Math.min(far, clip);
    }
    distances[row] = sum / features;
  }
  return weightedQuantile(distances, weights, near);
};

/** Mean distance per timing below which a phrase is one that was kept, with noise added; people come no nearer. */
const copied = 0.04;
/** A phrase of fewer timings comes as near to itself by chance. */
const fewestTimings = 28;

/**
 * Whether a phrase is one of those kept, played again with some noise: so near to it in the mean over timings as nobody
 * comes to themselves. Noise of 5 ms a key is noticed, of 10 ms in part, of 20 ms not; of 10,200 real phrases of CMU's
 * benchmark none is taken for a copy, the nearest lying at 0.049. Phrases of under ten keys are not looked at.
 *
 * @param sample one phrase, transformed as the template's
 */
export const isCopy = ({ features, rows }: Template, sample: Float64Array): boolean => {
  if (features < fewestTimings) return false;
  for (let at = 0; at < rows.length; at += features) {
    let sum = 0;
    for (let i = 0; i < features; i++) sum += Math.abs(sample[i]! - rows[at + i]!);
    if (sum < copied * features) return true;
  }
  return false;
};

const verifierOf = (modality: string, curves: RiskCurves, steps: number): Verifier => ({
  name: `${modality}.statistical`,
  modality,
  steps,
  logOdds: (template, samples, leniency = 0) =>
    samples.length < curves[0]![0]
      ? Number.NaN
      : statisticalLogOdds(
          samples.map((sample) => distance(template, sample)),
          leniency,
          curves,
        ),
});

/** The distance as a verifier of keystrokes; it needs no training. */
export const statisticalVerifier: Verifier = verifierOf('keystroke', keystrokeCurves, 4096);

/**
 * The distance as a verifier of mouse actions, from five of them on. It knows nobody else and tells far less than
 * keystrokes do: its curves, fitted on Balabit's training sessions, are flat, and so is its part in the risk.
 */
export const mouseVerifier: Verifier = verifierOf(
  'mouse',
  [
    [5, { slope: 5.6, centre: 0.269 }],
    [10, { slope: 6.62, centre: 0.26 }],
    [20, { slope: 7.56, centre: 0.253 }],
  ],
  512,
);
