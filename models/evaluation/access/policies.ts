/** Stretch after the last access in which a credential lies ready: hours after it, `[from, to)`. */
export interface ReadyStretch {
  readonly fromHours: number;
  readonly toHours: number;
}

/** When a credential lies ready in the gap that begins, by the gaps between sessions before it. */
export type GapPolicy = (gapsBefore: readonly number[]) => ReadyStretch;

/** Settings of one policy from the most frugal to the most generous. */
export interface PolicyFamily {
  readonly name: string;
  readonly settings: readonly GapPolicy[];
}

const never: ReadyStretch = { fromHours: 0, toHours: 0 };

/** Ready at all times. */
export const alwaysOn: GapPolicy = () => ({ fromHours: 0, toHours: Number.POSITIVE_INFINITY });

/** Ready for so long after each access. */
const keepAlive: PolicyFamily = {
  name: 'fixed keep-alive',
  settings: Array.from({ length: 60 }, (_, i) => 1.05 ** (2 * i))
    .filter((hours) => hours < 400)
    .map((hours) => () => ({ fromHours: 0, toHours: hours })),
};

/** Ready around the time that the last gap took, by a share of it to either side. */
const lastInterval: PolicyFamily = {
  name: 'last interval',
  settings: Array.from({ length: 40 }, (_, i) => 0.02 * 1.18 ** i).map((share) => (gaps) => {
    const last = gaps.at(-1);
    return last === undefined
      ? never
      : { fromHours: Math.max(0, last * (1 - share)), toHours: last * (1 + share) + share };
  }),
};

const binHours = 0.25;
const rangeHours = 24;
const binCount = rangeHours / binHours;

/** Coefficient of variation of the bins' counts, by which the paper tells whether a histogram says anything. */
const variation = (counts: readonly number[]): number => {
  const mean = counts.reduce((sum, it) => sum + it, 0) / counts.length;
  const square = counts.reduce((sum, it) => sum + (it - mean) ** 2, 0) / counts.length;
  return mean > 0 ? Math.sqrt(square) / mean : 0;
};

const margin = 0.1;
const forecastMargin = 0.15;

/**
 * The hybrid histogram policy (Shahrad et al., Serverless in the Wild, USENIX ATC 2020): from the histogram of idle
 * times ready between a low and a high percentile, widened by a tenth; where most idle times lie beyond the histogram's
 * range, ready around a forecast, 15 % to either side; where the histogram says too little, ready for its whole range.
 * Differences: bins of a quarter of an hour over 24 h instead of minutes over 4 h, for people come back more slowly than
 * functions do; the forecast is a first-order autoregression of the logarithm instead of a chosen ARIMA; and where the
 * histogram says too little, shorter stretches than its whole range are tried as well, which wastes less.
 *
 * @param unsureHours how long to be ready where the histogram says too little
 * @param threshold coefficient of variation from which the histogram is trusted
 */
const hybridHistogram =
  (head: number, tail: number, unsureHours: number, threshold: number): GapPolicy =>
  (gaps) => {
    const counts = new Array<number>(binCount).fill(0);
    let outside = 0;
    for (const gap of gaps)
      if (gap < rangeHours) counts[Math.floor(gap / binHours)]!++;
      else outside++;
    const inside = gaps.length - outside;
    if (gaps.length >= 4 && outside > inside) {
      const expected = Math.exp(autoregression(gaps.map(Math.log)));
      return { fromHours: expected * (1 - forecastMargin), toHours: expected * (1 + forecastMargin) };
    }
    if (inside < 5 || variation(counts) < threshold) return { fromHours: 0, toHours: unsureHours };
    const percentile = (share: number): number => {
      let sum = 0;
      for (let bin = 0; bin < binCount; bin++) {
        sum += counts[bin]!;
        if (sum >= share * inside) return bin;
      }
      return binCount - 1;
    };
    return {
      fromHours: percentile(head) * binHours * (1 - margin),
      toHours: (percentile(tail) + 1) * binHours * (1 + margin),
    };
  };

const autoregression = (values: readonly number[]): number => {
  const mean = values.reduce((sum, it) => sum + it, 0) / values.length;
  let [product, square] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    product += (values[i]! - mean) * (values[i - 1]! - mean);
    square += (values[i - 1]! - mean) ** 2;
  }
  const slope = square > 0 ? Math.max(-0.9, Math.min(0.9, product / square)) : 0;
  return mean + slope * (values.at(-1)! - mean);
};

const hybrid: PolicyFamily = {
  name: 'hybrid histogram',
  settings: [0, 2].flatMap((threshold) =>
    [1, 2, 4, 8, 12, rangeHours].flatMap((unsureHours) =>
      [0, 0.05, 0.1, 0.2, 0.3].flatMap((head) =>
        [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
          .filter((tail) => tail > head)
          .map((tail) => hybridHistogram(head, tail, unsureHours, threshold)),
      ),
    ),
  ),
};

/** Policies that go by the gaps of the pair alone. */
export const gapFamilies: readonly PolicyFamily[] = [keepAlive, lastInterval, hybrid];
