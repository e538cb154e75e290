import { EbbtideError } from '../../../schemas/errors.ts';
import type { FeatureSpec } from '../../features/spec.ts';
import type { GatherCounts, TimedSubject } from './gather.ts';
import { type Part, parts } from './split.ts';

/** Features that never change, and features that are never there, in the windows of some subjects. */
const lifeless = (
  subjects: readonly TimedSubject[],
  spec: FeatureSpec,
): { constant: readonly string[]; absent: readonly string[] } => {
  const { size } = spec;
  const lowest = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  const highest = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  const varies = new Uint8Array(size);
  for (const { vectors } of subjects) {
    lowest.fill(Number.POSITIVE_INFINITY);
    highest.fill(Number.NEGATIVE_INFINITY);
    for (let at = 0; at < vectors.length; at++) {
      const value = vectors[at]!;
      if (!Number.isFinite(value)) continue;
      const feature = at % size;
      if (varies[feature] === 0) varies[feature] = 1;
      if (value < lowest[feature]!) lowest[feature] = value;
      if (value > highest[feature]!) highest[feature] = value;
    }
    // Only what changes within a subject teaches: subjects differ by nature.
    for (let feature = 0; feature < size; feature++)
      if (highest[feature]! - lowest[feature]! > 1e-6) varies[feature] = 2;
  }
  const named = (state: number) => spec.features.filter((_, feature) => varies[feature] === state).map((it) => it.name);
  return { constant: named(1), absent: named(0) };
};

const list = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ');

/**
 * Look for what makes data unfit to learn from.
 *
 * @returns what is worth a warning, one sentence each
 * @throws {EbbtideError} `DATA_MISSING` when a part is empty or nothing in the training part changes
 */
export const findFaults = (
  byPart: Readonly<Record<Part, readonly TimedSubject[]>>,
  spec: FeatureSpec,
  { counts, tooShort, minWindows }: { counts: GatherCounts; tooShort: number; minWindows: number },
): string[] => {
  const empty = parts.filter((part) => byPart[part].length === 0);
  if (empty.length > 0)
    throw new EbbtideError(
      'DATA_MISSING',
      `No subject has ${minWindows} windows in a row for ${empty.join(' and ')}: ${counts.windows} windows with ${counts.gaps} long gaps were read; take a longer range or longer windows`,
      { empty, ...counts },
    );
  const { constant, absent } = lifeless(byPart.train, spec);
  if (constant.length + absent.length === spec.size)
    throw new EbbtideError(
      'DATA_MISSING',
      `Nothing in the telemetry ever changes (${list(constant)}): there is nothing to learn; check what the agents report`,
      { constant, absent },
    );
  const warnings: string[] = [];
  const warn = (count: number, text: string): unknown => count > 0 && warnings.push(text);
  warn(constant.length, `${constant.length} features are constant and teach nothing: ${list(constant)}`);
  warn(absent.length, `${absent.length} features are never reported: ${list(absent)}`);
  warn(counts.unusable, `${counts.unusable} values are negative or infinite and count as missing`);
  warn(counts.disordered, `${counts.disordered} samples lie before a window that had closed and were left out`);
  warn(counts.gaps, `${counts.gaps} gaps in time: the history of the subject begins anew after each`);
  warn(tooShort, `${tooShort} subjects are too short to be used: fewer than ${minWindows} windows in any one part`);
  return warnings;
};
