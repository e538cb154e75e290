import { typingNames } from './keyClasses.ts';
import { logTime, signedLogTime } from './keystrokes.ts';
import { movementNames } from './mouse/movement.ts';
import { attentionNames, scrollingNames } from './specifications.ts';

type Features = Readonly<Record<string, number>>;

/** Spreads a share out where it is near 0 or 1, so that a difference means about the same everywhere. */
const spreadShare = (share: number): number => 2 * Math.asin(Math.sqrt(Math.min(1, Math.max(0, share))));

const typingOf = (name: string): ((value: number) => number) => {
  if (name.startsWith('upDown.')) return signedLogTime;
  if (name === 'edits' || name === 'overlaps') return spreadShare;
  return name === 'rate' ? Math.log : logTime;
};

/** A stretch of free typing, by {@link typingNames}; NaN for what did not occur in it. */
export const typingSample = (features: Features): Float64Array =>
  Float64Array.from(typingNames, (name) => (name in features ? typingOf(name)(features[name]!) : Number.NaN));

/**
 * A stretch of scrolling: logarithms of duration, distance, speed and step, how uneven the speed is, and the share of steps
 * that turn back.
 */
export const scrollSample = (features: Features): Float64Array => {
  const [duration, distance, speed, deviation, step, turns, events] = scrollingNames.map(
    (name) => features[name] ?? Number.NaN,
  ) as [number, number, number, number, number, number, number];
  return Float64Array.of(
    Math.log1p(duration),
    Math.log1p(distance),
    Math.log1p(speed),
    Math.log1p(deviation / Math.max(speed, 1)),
    Math.log1p(step),
    spreadShare(turns / Math.max(1, events - 1)),
  );
};

/** A movement of a mouse or a finger, by `movementNames`. */
export const movementSample = (features: Features): Float64Array =>
  Float64Array.from(movementNames, (name) => features[name] ?? Number.NaN);

/** What is compared of a minute of a page: the share of it in which the page was in front, and how often that changed. */
export const attentionSample = (features: Features): Float64Array => {
  const [duration, visible, switches] = attentionNames.map((name) => features[name] ?? Number.NaN) as [
    number,
    number,
    number,
  ];
  return Float64Array.of(spreadShare(visible), Math.log1p((60 * switches) / duration));
};
