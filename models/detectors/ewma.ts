import type { Detector } from './detector.ts';

/** How fast level and spread follow. */
const rate = 0.02;

/** Spreads are not taken smaller than this share of the level. */
const leastShare = 1e-3;

/** A control chart: distance from an exponentially weighted mean in exponentially weighted standard deviations. */
export const ewma: Detector = {
  summary: 'distance from an exponentially weighted mean, in standard deviations',
  begin: ({ metrics }, learning) => {
    const means = new Float64Array(metrics);
    const variances = new Float64Array(metrics);
    let seen = 0;
    const score = (row: Float64Array): number => {
      const follow = Math.max(rate, 1 / ++seen);
      let total = 0;
      for (let i = 0; i < metrics; i++) {
        const step = seen === 1 ? 0 : row[i]! - means[i]!;
        if (seen === 1) means[i] = row[i]!;
        const spread = Math.max(Math.sqrt(variances[i]!), leastShare * Math.abs(means[i]!), 1e-9);
        total += seen > 10 ? Math.min(100, Math.abs(step) / spread) : 0;
        means[i]! += follow * step;
        variances[i] = (1 - follow) * (variances[i]! + follow * step * step);
      }
      return total / metrics;
    };
    for (let at = 0; learning && at < learning.length; at += metrics) score(learning.subarray(at, at + metrics));
    return { score };
  },
};
