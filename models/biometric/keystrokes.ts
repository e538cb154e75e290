import { type Feature, hashFeatures } from '../features/spec.ts';

/** What is timed at each key of a phrase: how long it is held, and from the key before, down to down and up to down. */
export const keyTimings = ['hold', 'downDown', 'upDown'] as const;

/** Numbers of one typed phrase: the first key has a hold alone. */
export const timingsOf = (keys: number): number => 3 * keys - 2;

/** Keys of a phrase with so many timings. @throws RangeError for a number that no phrase has */
export const keysOf = (timings: number): number => {
  const keys = (timings + 2) / 3;
  if (Number.isInteger(keys) && keys >= 1) return keys;
  throw new RangeError(
    `No phrase has ${timings} timings; n keys have 3n − 2, as hold, then downDown, upDown, hold a key`,
  );
};

/** Names of the timings in order: `hold.0, downDown.1, upDown.1, hold.1, …`; places in the phrase, never keys. */
export const timingNames = (keys: number): readonly string[] =>
  Array.from({ length: timingsOf(keys) }, (_, i) => `${keyTimings[i % 3]}.${Math.ceil(i / 3)}`);

/** Below this a hold or a distance between presses is noise of the clock, in seconds. */
const leastS = 0.01;
/** Where the logarithm of a distance that may be negative turns linear, in seconds. */
const linearS = 0.1;

/** A time on the scale on which people differ by shifts. @param seconds above 0 */
export const logTime = (seconds: number): number => Math.log(Math.max(seconds, leastS));
/** The same of a time that may be negative. */
export const signedLogTime = (seconds: number): number => Math.sign(seconds) * Math.log1p(Math.abs(seconds) / linearS);

const missing = 'A phrase that lacks a timing is not scored';
const transforms = {
  hold: `ln(max(v, ${leastS}))`,
  downDown: `ln(max(v, ${leastS}))`,
  upDown: `sign(v)·ln(1 + |v| / ${linearS})`,
} as const;

/** The features that keystroke models take, for a phrase of any length; models carry its hash. */
export const keystrokeFeatures = (() => {
  const features: readonly Feature[] = keyTimings.map((name) => ({
    name,
    unit: 's',
    transform: transforms[name],
    window: 'tumbling',
  }));
  return { name: 'keystrokes', features, missing, hash: hashFeatures('keystrokes', features, missing) } as const;
})();

/**
 * Put timings on the scale on which typists differ by shifts: logarithms.
 *
 * @param seconds rows × timings, in the order of {@link timingNames}
 * @param timings numbers of a row
 * @returns the same shape
 */
export const logTimings = (seconds: Float64Array, timings: number): Float64Array =>
  seconds.map((value, i) => ((i % timings) % 3 === 2 ? signedLogTime(value) : logTime(value)));
