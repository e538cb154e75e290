import type { RiskCurve } from './risk.ts';
import type { Template } from './template.ts';
import type { Verifier } from './verifier.ts';

/** Differences in one feature count up to this many scales. */
const clip = 4;
/** On the scales of `summaries.ts`, how much of a feature nobody is steadier than: a tenth. */
const leastScale = 0.1;
/** Share of a template's features that a sample must have, so that it is compared. */
const fewestShared = 0.3;

/**
 * How far a summary of behaviour is from what is usual of somebody: the scaled Manhattan distance from weighted medians,
 * over the features that both have.
 *
 * @param sample one stretch of behaviour; NaN for what did not occur
 * @returns mean over features of the difference in the person's own spread, clipped, from 0 to 4; NaN where too little is shared
 */
export const summaryDistance = ({ features, median, scale }: Template, sample: Float64Array): number => {
  let sum = 0;
  let shared = 0;
  let known = 0;
  for (let i = 0; i < features; i++) {
    if (Number.isNaN(median[i]!)) continue;
    known++;
    if (Number.isNaN(sample[i]!)) continue;
    shared++;
    sum += Math.min(clip, Math.abs(sample[i]! - median[i]!) / Math.max(leastScale, scale[i]!));
  }
  return shared > 0 && shared >= fewestShared * known ? sum / shared : Number.NaN;
};

/** How a modality's summaries are compared. */
export interface SummaryOptions {
  readonly modality: string;
  /** Stretches that must be there, so that they are compared. */
  readonly fewest: number;
  /** Stretches of a person kept at most. */
  readonly kept: number;
}

/** How fine stretches are kept: a fiftieth of the least scale is far below what a verifier so mild could tell. */
const steps = 512;

/** Chosen by hand: people differ from themselves by about 1.2 of their spread, and by 1.6 it may be anybody. */
const curve: RiskCurve = { slope: 4, centre: Math.log(1.6) };

/**
 * What nobody has calibrated is never surer than this: a risk above 0.2 and below 0.8 is all that it can say, so that it neither
 * earns a key the longest life nor leaves it the shortest.
 */
export const surestUncalibrated = 1.3;

/**
 * A verifier of behaviour that is summed up by stretches. It knows the person's own stretches alone, and its curve was fitted
 * on nobody: public data of free typing, scrolling, touch and attention by person there is none to fit it on. So it is held
 * within {@link surestUncalibrated}.
 */
export const summaryVerifier = ({ modality, fewest, kept }: SummaryOptions): Verifier => ({
  name: `${modality}.statistical`,
  modality,
  partial: true,
  uncalibrated: true,
  kept,
  steps,
  logOdds(template, samples, leniency = 0) {
    const far = samples.map((sample) => summaryDistance(template, sample)).filter((it) => !Number.isNaN(it));
    if (far.length < fewest) return Number.NaN;
    const level = far.reduce((sum, it) => sum + Math.log(Math.max(it, 1e-6)), 0) / far.length;
    const logOdds = curve.slope * (level - curve.centre - leniency);
    return Math.min(surestUncalibrated, Math.max(-surestUncalibrated, logOdds));
  },
});

/** The verifier of free typing. */
export const typingVerifier: Verifier = summaryVerifier({ modality: 'typing', fewest: 1, kept: 60 });

/** Verifiers of all that is summed up, by how much of it tells something. */
export const summaryVerifiers: readonly Verifier[] = [
  typingVerifier,
  summaryVerifier({ modality: 'scroll', fewest: 3, kept: 60 }),
  summaryVerifier({ modality: 'touch', fewest: 5, kept: 100 }),
  summaryVerifier({ modality: 'application', fewest: 3, kept: 60 }),
];

const names: ReadonlySet<string> = new Set(summaryVerifiers.map(({ name }) => name));

/** Those of some verifiers that nobody has calibrated, so that whoever sees what they said may be told. */
export const uncalibratedOf = (verifiers: readonly string[]): string[] => verifiers.filter((name) => names.has(name));

/**
 * Whether nobody has calibrated any of the verifiers that were heard.
 *
 * @param heard - their names; none is no such case
 */
export const isUncalibrated = (heard: readonly string[]): boolean =>
  heard.length > 0 && uncalibratedOf(heard).length === heard.length;
