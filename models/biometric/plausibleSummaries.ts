import { type Fault, holdRange } from './plausible.ts';
import { attentionNames, scrollingNames } from './specifications.ts';

type Features = Readonly<Record<string, number>>;

/** Presses a second that nobody keeps up over twenty keys. */
const fastestRate = 33;
/** A spread below this many seconds, of holds and of distances both, is no person's: clocks of browsers are rounded, hands are not. */
const steadiestS = 0.0005;
/** A wheel's speed that varies less than this share, over so many steps. */
const steadiestScroll = 0.02;
const fewestSteps = 8;
/** Pixels a second that no wheel and no hand scrolls by. */
const fastestScroll = 1_000_000;
/** Times a second that nobody leaves a page and comes back. */
const mostSwitches = 10;

const isShare = (value: number | undefined): boolean => value === undefined || (value >= 0 && value <= 1);

/** Look for faults of a stretch of free typing. @param features by name, see `typingNames` */
export const typingFaults = (features: Features): readonly Fault[] => {
  const entries = Object.entries(features);
  if (entries.length === 0 || !entries.every(([, value]) => Number.isFinite(value))) return ['impossible'];
  const faults: Fault[] = [];
  const odd = entries.some(([name, value]) => {
    if (name === 'hold.spread' || name === 'downDown.spread') return value < 0;
    if (name.startsWith('hold.')) return value < holdRange.least || value > holdRange.most;
    return name.startsWith('downDown.') && value <= 0;
  });
  if (odd || !isShare(features.edits) || !isShare(features.overlaps) || (features.rate ?? 1) <= 0)
    faults.push('impossible');
  if ((features.rate ?? 0) > fastestRate) faults.push('tooFast');
  const spread = Math.max(features['hold.spread'] ?? 1, features['downDown.spread'] ?? 1);
  if (spread < steadiestS) faults.push('constant');
  return faults;
};

const wholeOf = (features: Features, names: readonly string[]): boolean =>
  names.every((name) => Number.isFinite(features[name]) && features[name]! >= 0);

/** Look for faults of a stretch of scrolling. @param features by name, see `scrollingNames` */
export const scrollFaults = (features: Features): readonly Fault[] => {
  if (!wholeOf(features, scrollingNames) || features.turns! >= features.events!) return ['impossible'];
  const faults: Fault[] = [];
  const mean = features['speed.mean']!;
  if (mean > fastestScroll) faults.push('tooFast');
  if (features.events! >= fewestSteps && features['speed.sd']! < steadiestScroll * mean) faults.push('constant');
  return faults;
};

/** Look for faults of a minute of attention. @param features by name, see `attentionNames` */
export const attentionFaults = (features: Features): readonly Fault[] => {
  const { duration = 0, visible, switches = 0 } = features;
  // What is shown is measured by the same clock as the whole, and rounded
  if (!wholeOf(features, attentionNames) || duration === 0 || visible! > 1.001) return ['impossible'];
  return switches > mostSwitches * duration ? ['tooFast'] : [];
};
