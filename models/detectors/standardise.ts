/** Level and spread of each metric, as learned from rows taken as benign. */
export interface Standard {
  readonly means: Float64Array;
  readonly spreads: Float64Array;
}

/** Spreads are not taken smaller than this; metrics lie in 0 to 1. A constant metric then stays quiet until it moves. */
const leastSpread = 0.05;

/** Standardised values are clipped here. */
const most = 10;

/** Learn the standard of rows × metrics; what is missing is left out. */
export const learnStandard = (rows: Float64Array, metrics: number): Standard => {
  const means = new Float64Array(metrics);
  const spreads = new Float64Array(metrics);
  for (let metric = 0; metric < metrics; metric++) {
    let count = 0;
    let squares = 0;
    for (let at = metric; at < rows.length; at += metrics) {
      const value = rows[at]!;
      if (!Number.isFinite(value)) continue;
      count++;
      const step = value - means[metric]!;
      means[metric]! += step / count;
      squares += step * (value - means[metric]!);
    }
    spreads[metric] = Math.max(Math.sqrt(squares / Math.max(1, count)), leastSpread);
  }
  return { means, spreads };
};

/** Bring rows to the standard; what is missing counts as the mean. */
export const standardise = (rows: Float64Array, { means, spreads }: Standard, into = new Float64Array(rows.length)) => {
  const metrics = means.length;
  for (let at = 0; at < rows.length; at++) {
    const z = (rows[at]! - means[at % metrics]!) / spreads[at % metrics]!;
    into[at] = Number.isFinite(z) ? Math.min(most, Math.max(-most, z)) : 0;
  }
  return into;
};
