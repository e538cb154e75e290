import type { Action } from './actions.ts';

/** Events nearer than this in time are taken for so far apart, in seconds: clocks are coarse. */
const leastS = 0.001;
/** A gap between events that counts as a pause, in seconds. */
const pauseS = 0.1;

/** What is measured of a movement: name, unit, transform. */
export const described: readonly (readonly [name: string, unit: string, transform: string])[] = [
  ['duration', 's', 'ln(1 + v)'],
  ['path', 'px', 'ln(1 + v)'],
  ['straightness', '', 'distance between ends over path'],
  ['direction.sin', '', 'sine of the direction from end to end'],
  ['direction.cos', '', 'cosine of the same'],
  ['speed.mean', 'px/s', 'ln(1 + v)'],
  ['speed.sd', 'px/s', 'ln(1 + v)'],
  ['speed.max', 'px/s', 'ln(1 + v)'],
  ['acceleration.mean', 'px/s²', 'sign(v)·ln(1 + |v|)'],
  ['acceleration.sd', 'px/s²', 'ln(1 + v)'],
  ['acceleration.max', 'px/s²', 'ln(1 + v)'],
  ['acceleration.min', 'px/s²', 'sign(v)·ln(1 + |v|)'],
  ['jerk.mean', 'px/s³', 'sign(v)·ln(1 + |v|)'],
  ['jerk.sd', 'px/s³', 'ln(1 + v)'],
  ['jerk.max', 'px/s³', 'ln(1 + v)'],
  ['angularSpeed.mean', 'rad/s', 'mean size, ln(1 + v)'],
  ['angularSpeed.sd', 'rad/s', 'ln(1 + v)'],
  ['angularSpeed.max', 'rad/s', 'ln(1 + v)'],
  ['curvature.mean', 'rad/px', 'mean size, ln(1 + v)'],
  ['curvature.sd', 'rad/px', 'ln(1 + v)'],
  ['curvature.max', 'rad/px', 'ln(1 + v)'],
  ['peak', '', 'share of the time before the greatest speed'],
  ['deviation.max', 'px', 'from the line between the ends, ln(1 + v)'],
  ['deviation.mean', 'px', 'the same'],
  ['pauses', '', `gaps over ${pauseS} s, ln(1 + v)`],
  ['paused', '', 'share of the time in such gaps'],
  ['events', '', 'ln(v)'],
  ['turning', 'rad', 'sum of changes of direction, ln(1 + v)'],
];

/** Names of a movement's numbers, in order. */
export const movementNames: readonly string[] = described.map(([name]) => name);

const moments = (values: readonly number[]): { mean: number; sd: number; max: number; min: number } => {
  if (values.length === 0) return { mean: 0, sd: 0, max: 0, min: 0 };
  const mean = values.reduce((sum, it) => sum + it, 0) / values.length;
  const variance = values.reduce((sum, it) => sum + (it - mean) ** 2, 0) / values.length;
  return {
    mean,
    sd: Math.sqrt(variance),
    max: values.reduce((most, it) => Math.max(most, it), Number.NEGATIVE_INFINITY),
    min: values.reduce((least, it) => Math.min(least, it), Number.POSITIVE_INFINITY),
  };
};

const signedLog = (value: number): number => Math.sign(value) * Math.log1p(Math.abs(value));

/** The nearest turn from one direction to another, from −π to π. */
const turnOf = (from: number, to: number): number => Math.atan2(Math.sin(to - from), Math.cos(to - from));

/**
 * How a mouse action was done.
 *
 * @returns one number a name of {@link movementNames}
 */
export const actionFeatures = (action: Action): Float64Array => {
  const [first, last] = [action[0]!, action.at(-1)!];
  const [dx, dy] = [last.x - first.x, last.y - first.y];
  const direct = Math.hypot(dx, dy);
  const duration = last.time - first.time;
  const speeds: number[] = [];
  const lasting: number[] = [];
  const angularSpeeds: number[] = [];
  const curvatures: number[] = [];
  const turns: number[] = [];
  let path = 0;
  let pauses = 0;
  let paused = 0;
  let peak = { speed: -1, at: 0 };
  let heading: number | undefined;
  for (let i = 1; i < action.length; i++) {
    const [a, b] = [action[i - 1]!, action[i]!];
    const gap = Math.max(leastS, b.time - a.time);
    const moved = Math.hypot(b.x - a.x, b.y - a.y);
    const speed = moved / gap;
    path += moved;
    speeds.push(speed);
    lasting.push(gap);
    if (gap > pauseS) {
      pauses++;
      paused += gap;
    }
    if (speed > peak.speed) peak = { speed, at: b.time - first.time };
    if (moved === 0) continue;
    const toward = Math.atan2(b.y - a.y, b.x - a.x);
    if (heading !== undefined) {
      const turn = Math.abs(turnOf(heading, toward));
      turns.push(turn);
      angularSpeeds.push(turn / gap);
      curvatures.push(turn / moved);
    }
    heading = toward;
  }
  const rates = (values: readonly number[]): number[] =>
    values.slice(1).map((value, i) => (value - values[i]!) / lasting[values.length === speeds.length ? i + 1 : i + 2]!);
  const accelerations = rates(speeds);
  const speed = moments(speeds);
  const acceleration = moments(accelerations);
  const jerk = moments(rates(accelerations));
  const angular = moments(angularSpeeds);
  const curvature = moments(curvatures);
  const deviation = moments(
    action.map(({ x, y }) =>
      direct === 0 ? Math.hypot(x - first.x, y - first.y) : Math.abs(dx * (y - first.y) - dy * (x - first.x)) / direct,
    ),
  );
  return Float64Array.of(
    Math.log1p(duration),
    Math.log1p(path),
    path === 0 ? 1 : direct / path,
    direct === 0 ? 0 : dy / direct,
    direct === 0 ? 0 : dx / direct,
    Math.log1p(speed.mean),
    Math.log1p(speed.sd),
    Math.log1p(speed.max),
    signedLog(acceleration.mean),
    Math.log1p(acceleration.sd),
    signedLog(acceleration.max),
    signedLog(acceleration.min),
    signedLog(jerk.mean),
    Math.log1p(jerk.sd),
    signedLog(jerk.max),
    Math.log1p(angular.mean),
    Math.log1p(angular.sd),
    Math.log1p(angular.max),
    Math.log1p(curvature.mean),
    Math.log1p(curvature.sd),
    Math.log1p(curvature.max),
    duration > 0 ? peak.at / duration : 0,
    Math.log1p(deviation.max),
    Math.log1p(deviation.mean),
    Math.log1p(pauses),
    duration > 0 ? Math.min(1, paused / duration) : 0,
    Math.log(action.length),
    Math.log1p(turns.reduce((sum, it) => sum + it, 0)),
  );
};
