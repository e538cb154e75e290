import type { DetectorStream, SeriesInfo } from './detector.ts';
import { TimedHistory } from './lags.ts';
import { RecursiveLeastSquares } from './leastSquares.ts';
import { RollingMean } from './rollingMean.ts';
import { RollingReference } from './rollingReference.ts';
import { RunningScale } from './runningScale.ts';

const dayMs = 86_400_000;

/** A network's forecast of one series, row by row. */
export interface ForecastStream {
  /**
   * Forecast the next value, from the last row and those before it.
   *
   * @param x the last value, in spreads from the level, clipped
   * @param change from the value before, in spreads
   * @param day the value one day before the next, in spreads, or NaN
   * @param week the value seven days before the next, in spreads, or NaN
   * @param nextMs when the next row is due
   * @returns in spreads
   */
  forecast(x: number, change: number, day: number, week: number, nextMs: number): number;
}

/** Which evidence is joined. */
export interface UnivariateParts {
  /** How far the value lies from its level. */
  readonly level: boolean;
  /** How far it lies from the same time on the days before. */
  readonly days: boolean;
  /** How far it lies from a linear forecast that learns on. */
  readonly residual: boolean;
  /** A network's forecast, as one more input of the linear one; alone where there is no linear one. */
  readonly network?: () => ForecastStream;
}

/** How evidence is joined; the same for every series. */
export const univariateParameters = {
  /** Rows over which each kind of evidence is averaged before it is ranked. */
  means: [1, 6, 36],
  /** The same for how rough the forecast residual is. */
  roughnessMeans: [6, 36],
  /** Against what a stream of evidence is ranked. */
  evidence: { capacity: 8000, share: 0.02, least: 5, shape: 0.3 },
  /** Most decades of improbability that one stream may add. */
  decades: 3,
  /** Rows over which the sum is averaged. */
  sumRows: 3,
  /** Against what the sum is ranked. */
  sum: { capacity: 16_000, share: 0.05, least: 5, shape: 0.1 },
  /** Decades of the sum's own improbability that count at most. */
  rankDecades: 2.5,
  /** What a decade of the mean evidence weighs beside the rank of the sum, and from where it is counted. */
  absolute: { weight: 1.6, from: 1.3 },
  /** An alarm is raised at this strength. */
  alarm: 1.85,
  /** An alarm raises the bar for the next by so much, which decays over so many rows. */
  habit: { rise: 0.6, rows: 250 },
  /** Rows after an alarm in which there is no other. */
  quietRows: 60,
  clip: 6,
  residualClip: 20,
} as const;

const clip = (value: number, most: number): number => Math.min(most, Math.max(-most, value));

/** One kind of evidence, averaged over several lengths, each ranked among its own past. */
class Evidence {
  readonly #means: readonly RollingMean[];
  readonly #references: readonly RollingReference[];
  readonly #twoSided: boolean;

  constructor(lengths: readonly number[], twoSided: boolean) {
    this.#means = lengths.map((length) => new RollingMean(length));
    this.#references = lengths.map(() => new RollingReference(univariateParameters.evidence));
    this.#twoSided = twoSided;
  }

  /** Decades of improbability, summed over the lengths. */
  add(value: number): number {
    let sum = 0;
    for (let i = 0; i < this.#means.length; i++) {
      const mean = this.#means[i]!.add(value);
      const reference = this.#references[i]!;
      const p = this.#twoSided ? reference.twoSided(mean) : reference.upper(mean);
      sum += Math.min(univariateParameters.decades, -Math.log10(p));
      reference.insert(mean);
    }
    return sum;
  }
}

/** Decides when strength is an alarm: each alarm raises the bar for a while, so that a noisy series tires nobody. */
const createHabit = () => {
  const { alarm, habit, quietRows } = univariateParameters;
  let extra = 0;
  let quietUntil = 0;
  return (strength: number, row: number): boolean => {
    extra *= Math.exp(-1 / habit.rows);
    if (row < quietUntil || strength < alarm + extra) return false;
    extra += habit.rise;
    quietUntil = row + quietRows + 1;
    return true;
  };
};

/**
 * Watch one metric: level, difference to the days before and forecast residual, each ranked among its own past, summed,
 * and the sum ranked
 * again. The strength of an alarm is the rank of the sum and its size: rank alone would find as much to say of a series
 * where nothing happens as of any other.
 *
 * @returns raw score: the strength at an alarm, 0 elsewhere; the statistic is the evidence of every row
 */
export const watchOne = ({ intervalMs }: SeriesInfo, parts: UnivariateParts): DetectorStream => {
  const { means, roughnessMeans, sumRows, sum: sumReference, clip: most, residualClip } = univariateParameters;
  const scale = new RunningScale();
  const rows = Math.ceil((8 * dayMs) / intervalMs) + 16;
  const daysBefore = new TimedHistory(rows, [dayMs, 2 * dayMs, 3 * dayMs]);
  const beforeNext = new TimedHistory(rows, [dayMs, 7 * dayMs]);
  const network = parts.network?.();
  const inputs = new Float64Array(network ? 6 : 5);
  const linear = new RecursiveLeastSquares(inputs.length, 0.999);
  const level = new Evidence(means, true);
  const days = new Evidence(means, true);
  const residual = new Evidence(means, true);
  const roughness = new Evidence(roughnessMeans, false);
  const smooth = new RollingMean(sumRows);
  const sums = new RollingReference(sumReference);
  let forecast = Number.NaN;
  let before = 0;
  let row = -1;
  let mean = 0;
  const raise = createHabit();
  const kinds = Number(parts.level) + Number(parts.days) + Number(parts.residual || network !== undefined);
  const streams = kinds * means.length + Number(parts.residual || network !== undefined) * roughnessMeans.length;

  const differenceToDays = (value: number, timeMs: number): number => {
    let total = 0;
    let found = 0;
    for (let day = 0; day < 3; day++) {
      const old = daysBefore.at(day, timeMs);
      if (Number.isNaN(old)) continue;
      total += old;
      found++;
    }
    return found > 0 ? (value - total / found) / scale.scale : Number.NaN;
  };

  /** Learn from the row and make the forecast of the next. */
  const advance = (value: number, z: number, timeMs: number): void => {
    if (!Number.isNaN(forecast) && parts.residual) linear.learn(inputs, clip(z, most));
    scale.learn(value);
    daysBefore.add(timeMs, value);
    beforeNext.add(timeMs, value);
    const nextMs = timeMs + intervalMs;
    const x = clip(z, most);
    const day = scale.of(beforeNext.at(0, nextMs));
    const week = scale.of(beforeNext.at(1, nextMs));
    inputs[0] = 1;
    inputs[1] = x;
    inputs[2] = before;
    inputs[3] = Number.isNaN(day) ? 0 : clip(day, most);
    inputs[4] = Number.isNaN(week) ? 0 : clip(week, most);
    if (network) {
      const change = row === 0 ? 0 : x - before;
      inputs[5] = network.forecast(x, change, clip(day, most), clip(week, most), nextMs);
    }
    forecast = parts.residual || !network ? linear.predict(inputs) : inputs[5]!;
    before = x;
  };

  return {
    score(values, timeMs) {
      row++;
      // A row without a value repeats the level: nothing is known of it.
      const value = Number.isFinite(values[0]) ? values[0]! : scale.mean;
      const z = scale.of(value);
      let sum = parts.level ? level.add(z) : 0;
      if (parts.days) {
        const difference = differenceToDays(value, timeMs);
        if (!Number.isNaN(difference)) sum += days.add(clip(difference, residualClip));
      }
      if (parts.residual || network) {
        const error = Number.isNaN(forecast) ? 0 : clip(z - forecast, residualClip);
        sum += residual.add(error) + roughness.add(Math.abs(error));
      }
      advance(value, z, timeMs);
      mean = smooth.add(sum);
      const { rankDecades, absolute } = univariateParameters;
      const strength =
        Math.min(rankDecades, -Math.log10(sums.upper(mean))) + absolute.weight * (mean / streams - absolute.from);
      sums.insert(mean);
      return raise(strength, row) ? strength : 0;
    },
    statistic: () => mean,
  };
};
