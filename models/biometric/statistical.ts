import { statisticalLogOdds } from './risk.ts';
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

/** The distance as a verifier of keystrokes; it needs no training. */
export const statisticalVerifier: Verifier = {
  name: 'keystroke.statistical',
  modality: 'keystroke',
  logOdds: (template, samples, leniency = 0) =>
    statisticalLogOdds(
      samples.map((sample) => distance(template, sample)),
      leniency,
    ),
};
