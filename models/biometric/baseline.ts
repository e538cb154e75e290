import { EbbtideError } from '../../schemas/errors.ts';
import { defaultSteps, onGrid } from './grid.ts';
import { makeTemplate, type Template, templateDefaults } from './template.ts';

/**
 * What is kept of one person and one modality. The *anchor* was enrolled under strong authentication and stays as it is
 * until the next such time; *recent* samples are learned from use, the newest last. Plain numbers, 4 bytes each, on the
 * grid of `grid.ts`.
 */
export interface Baseline {
  /** Numbers of a sample. */
  readonly features: number;
  /** samples × features, transformed, oldest first. */
  readonly anchor: Float32Array;
  /** samples × features; begins as the anchor. */
  readonly recent: Float32Array;
  /** Samples learned since the anchor was laid. */
  readonly learned: number;
  /** Steps of its grid to one. */
  readonly steps: number;
}

/** How samples of a modality are kept. */
export interface KeepingRule {
  /** Samples kept at most: the last ones. @default 200 */
  readonly kept?: number;
  /** Whether samples may lack features: NaN stands for what did not occur. @default false */
  readonly partial?: boolean;
  /** How fine numbers are kept: steps to one, a power of two. @default 4096 */
  readonly steps?: number;
}

const lastRows = (rows: Float32Array, features: number, { kept = templateDefaults.rows }: KeepingRule): Float32Array =>
  rows.slice(Math.max(0, rows.length - kept * features));

const flat = (
  samples: readonly Float64Array[],
  features: number,
  { partial = false, steps }: KeepingRule,
): Float32Array => {
  const rows = new Float32Array(samples.length * features);
  samples.forEach((sample, i) => {
    if (sample.length !== features || !isSample(sample, partial))
      throw new EbbtideError(
        'RECORD_OUT_OF_RANGE',
        `A sample of behaviour must be ${features} finite numbers, got ${sample.length}`,
        { features, length: sample.length },
      );
    rows.set(
      sample.map((value) => onGrid(value, steps)),
      i * features,
    );
  });
  return rows;
};

/** Whether numbers can be a sample: all finite, or NaN for what did not occur where a modality has such, and not all of them. */
export const isSample = (sample: Float64Array, partial = false): boolean =>
  partial
    ? sample.some(Number.isFinite) && sample.every((it) => Number.isFinite(it) || Number.isNaN(it))
    : sample.every(Number.isFinite);

/**
 * Lay a person's anchor, at enrolment or after strong re-authentication: whatever was learned before is gone.
 *
 * @param samples transformed, oldest first; at most the last ones are kept
 * @throws EbbtideError DATA_MISSING without a sample, RECORD_OUT_OF_RANGE for samples of unequal size or no numbers
 */
export const layAnchor = (samples: readonly Float64Array[], rule: KeepingRule = {}): Baseline => {
  const features = samples[0]?.length ?? 0;
  if (features === 0)
    throw new EbbtideError('DATA_MISSING', 'A baseline takes at least one sample of behaviour, got none');
  const anchor = lastRows(flat(samples, features, rule), features, rule);
  return { features, anchor, recent: anchor, learned: 0, steps: rule.steps ?? defaultSteps };
};

/**
 * Add samples to what is recent; the anchor stays. Whether they may be learned is the caller's to decide: see `mayLearn`.
 *
 * @throws EbbtideError RECORD_OUT_OF_RANGE as {@link layAnchor}
 */
export const learnSamples = (
  baseline: Baseline,
  samples: readonly Float64Array[],
  rule: KeepingRule = {},
): Baseline => {
  const { features, recent, learned, steps } = baseline;
  const added = flat(samples, features, { ...rule, steps });
  const all = new Float32Array(recent.length + added.length);
  all.set(recent);
  all.set(added, recent.length);
  return { ...baseline, recent: lastRows(all, features, rule), learned: learned + samples.length };
};

/** The templates of a baseline; one and the same before anything was learned. */
export const templatesOf = (
  { features, anchor, recent }: Baseline,
  { partial = false }: KeepingRule = {},
): { anchor: Template; recent: Template } => {
  const options = { ...templateDefaults, partial };
  const first = makeTemplate(anchor, features, options);
  const last = recent === anchor ? first : makeTemplate(recent, features, options);
  return { anchor: first, recent: last };
};

/** Whether a baseline has so many samples enrolled that behaviour may be compared with it. */
export const isEnrolled = ({ anchor, features }: Baseline, enrolment: number): boolean =>
  anchor.length / features >= enrolment;
