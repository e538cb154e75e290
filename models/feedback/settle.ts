import { fitLogistic, type Observation } from './logistic.ts';

/** A judged stretch as a correction sees it. */
export interface ObservedStretch {
  readonly malicious: boolean;
  /** Log-odds that one of its windows must exceed, so that the stretch goes on being shown; undefined for nothing. */
  readonly target?: number | undefined;
  /** Its windows that are learned from; at least one. */
  readonly lessons: readonly Observation[];
  /** All its windows; at least one. */
  readonly windows: readonly Observation[];
}

/** What a correction is settled by. */
export interface SettleOptions {
  /** What nobody judged, taken as benign. */
  readonly background: readonly Observation[];
  /** One a coefficient; the first coefficient is the constant. */
  readonly penalties: Float64Array;
  /** Log-odds above which a window alarms. */
  readonly alarm: number;
  /** Each stretch weighs as much as so many windows of the background, however long it is. */
  readonly stretchWeight: number;
  /** By how much an attack must exceed the alarm, log-odds. */
  readonly margin: number;
}

/** Parts of the judged stretches, of which each is judged by what was learned from the others. */
const parts = 5;
/** How much of the regression is taken. */
const strengths = [0.1, 0.25, 0.5, 0.75, 1] as const;

type Theta = Float64Array;

const logit = (theta: Theta, strength: number, { x, offset }: Observation): number =>
  offset + strength * theta.reduce((sum, value, i) => sum + value * x[i]!, 0);

/** Factors of the constant below this are none: a window that calm cannot be made to show an attack. */
const leastFactor = 0.01;

/** What the constant lacks until some window of a stretch exceeds a target; 0 where none can. */
const missing = (theta: Theta, strength: number, { windows }: ObservedStretch, target: number): number => {
  const movable = windows.filter(({ x }) => x[0]! >= leastFactor);
  return movable.length === 0 ? 0 : Math.min(...movable.map((it) => (target - logit(theta, strength, it)) / it.x[0]!));
};

/**
 * Each stretch weighs the same: by windows, the few attacks that last for days would outweigh all others and every false
 * alarm, and make whatever lasts look like an attack.
 */
const fit = (stretches: readonly ObservedStretch[], options: SettleOptions): Theta => {
  const { background, penalties, stretchWeight } = options;
  const judged = stretches.flatMap(({ lessons }) =>
    lessons.map((it) => ({ ...it, weight: stretchWeight / lessons.length })),
  );
  return fitLogistic([...judged, ...background], penalties);
};

interface Judged {
  readonly stretch: ObservedStretch;
  readonly theta: Theta;
}

/** Each stretch with a regression that has not learned from it; attacks and false alarms are dealt out in turn. */
const crossed = (stretches: readonly ObservedStretch[], options: SettleOptions): Judged[] => {
  const dealt = { attack: 0, benign: 0 };
  const part = stretches.map(({ malicious }) => dealt[malicious ? 'attack' : 'benign']++ % parts);
  return Array.from({ length: parts }, (_, index) => index).flatMap((index) => {
    const held = stretches.filter((_, i) => part[i] === index);
    const others = stretches.filter((_, i) => part[i] !== index);
    if (held.length === 0 || others.length === 0) return [];
    const theta = fit(others, options);
    return held.map((stretch) => ({ stretch, theta }));
  });
};

/**
 * Learn coefficients from judged stretches, and settle how much of them is taken, and the constant, by cross-validation: of
 * all strengths at which no attack is lost, also none by what has not learned from it, the one that raises the fewest false
 * alarms in stretches that it has not learned from.
 *
 * A regression alone finds what is likeliest, and puts the line where attacks and false alarms are missed at equal cost. An
 * attack that is lost costs more, and so the line is where the attacks are.
 *
 * @param stretches of both kinds
 * @returns undefined where taking nothing of it is as good
 */
export const settle = (stretches: readonly ObservedStretch[], options: SettleOptions): Theta | undefined => {
  const theta = fit(stretches, options);
  const judged = crossed(stretches, options);
  const { alarm, margin } = options;
  const alarmsOf = (strength: number, constant: number): readonly [number, number] => {
    let [alarmed, windows] = [0, 0];
    for (const { stretch, theta } of judged) {
      if (stretch.malicious) continue;
      const above = stretch.windows.filter((it) => logit(theta, strength, it) + constant * it.x[0]! > alarm).length;
      windows += above;
      if (above > 0) alarmed++;
    }
    return [alarmed, windows];
  };
  let best: { strength: number; constant: number; alarms: readonly [number, number] } | undefined;
  let fewest = alarmsOf(0, 0);
  for (const strength of strengths) {
    let constant = 0;
    for (const stretch of stretches)
      if (stretch.target !== undefined)
        constant = Math.max(constant, missing(theta, strength, stretch, stretch.target + margin));
    for (const { stretch, theta } of judged)
      if (stretch.target !== undefined)
        constant = Math.max(constant, missing(theta, strength, stretch, alarm + margin));
    const alarms = alarmsOf(strength, constant);
    if (alarms[0] > fewest[0] || (alarms[0] === fewest[0] && alarms[1] >= fewest[1])) continue;
    fewest = alarms;
    best = { strength, constant, alarms };
  }
  if (!best) return undefined;
  const { strength, constant } = best;
  return theta.map((value, i) => strength * value + (i === 0 ? constant : 0));
};
