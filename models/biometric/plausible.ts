/** What speaks against a burst having been made by a person at a keyboard or a mouse. */
export type Fault =
  /** A time that no key or pointer takes: negative, or a hold of seconds. */
  | 'impossible'
  /** Faster than people are. */
  | 'tooFast'
  /** Every press, or every stretch of movement, like the one before: a script's. */
  | 'constant'
  /** Distances that contradict holds: the parts were put together. */
  | 'inconsistent';

/** Holds and distances in seconds that people's keyboards give. */
export const holdRange = { least: 0.001, most: 3 } as const;
const longestGapS = 30;
/** Seconds between presses at the median that nobody goes below over a phrase. */
const fastestMedianS = 0.03;
/** A spread below this share of the mean is no person's. */
const steadiest = 0.02;
/** Clocks of browsers are rounded, by up to this many seconds each. */
const rounding = 0.0025;
const fewestKeys = 5;
/** Pixels a second that no hand moves a pointer at. */
const fastestPointer = 100_000;
const fewestEvents = 8;

const variation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, it) => sum + it, 0) / values.length;
  return Math.sqrt(values.reduce((sum, it) => sum + (it - mean) ** 2, 0) / values.length) / Math.abs(mean);
};

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/**
 * Look for faults of a phrase.
 *
 * @param seconds timings in the order of `timingNames`
 * @returns nothing for what a person may have typed
 */
export const phraseFaults = (seconds: ArrayLike<number>): readonly Fault[] => {
  const faults = new Set<Fault>();
  const holds: number[] = [];
  const downDowns: number[] = [];
  for (let i = 0; i < seconds.length; i++) {
    const value = seconds[i]!;
    if (!Number.isFinite(value)) return ['impossible'];
    if (i % 3 === 0) {
      holds.push(value);
      if (value < holdRange.least || value > holdRange.most) faults.add('impossible');
    } else if (i % 3 === 1) {
      downDowns.push(value);
      if (value <= 0 || value > longestGapS) faults.add('impossible');
      // From release to press is from press to press without the hold
      if (Math.abs(value - seconds[i - 1]! - seconds[i + 1]!) > rounding) faults.add('inconsistent');
    }
  }
  if (holds.length >= fewestKeys) {
    if (medianOf(downDowns) < fastestMedianS) faults.add('tooFast');
    if (variation(holds) < steadiest || variation(downDowns) < steadiest) faults.add('constant');
  }
  return [...faults];
};

/**
 * Look for faults of a movement.
 *
 * @param features by name, see `movementNames`
 */
export const movementFaults = (features: Readonly<Record<string, number>>): readonly Fault[] => {
  const values = Object.values(features);
  if (values.length === 0 || !values.every(Number.isFinite)) return ['impossible'];
  const faults: Fault[] = [];
  const amount = (name: string): number => Math.expm1(features[name] ?? 0);
  if ((features['speed.max'] ?? 0) > Math.log1p(fastestPointer)) faults.push('tooFast');
  if (
    Math.exp(features.events ?? 0) >= fewestEvents &&
    (features.straightness ?? 0) > 0.9999 &&
    amount('speed.sd') < steadiest * amount('speed.mean')
  )
    faults.push('constant');
  return faults;
};

/** A phrase that nobody types twice: its timings to a tenth of a millisecond, as text. */
export const phraseFingerprint = (seconds: ArrayLike<number>): string =>
  Array.from(seconds, (value) => Math.round(value * 1e4).toString(36)).join(' ');
