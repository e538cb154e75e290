import type { AnomalyParameters } from './parameters.ts';
import type { StateLayout } from './state.ts';

/**
 * How far a metric has moved away from its anchor, and what is learned of it.
 *
 * @param states - where the subject's state lies
 * @param offset - where it begins
 * @param level - logarithm of the metric's mean in this window
 * @returns distance above the anchor as a share of the limit: above 1 the metric has strayed; 0 while it is learned
 */
export type FollowAnchor = (states: Float32Array, offset: number, metric: number, level: number) => number;

/**
 * Make what follows anchors.
 *
 * The baseline that scores are made with follows a subject, so that a takeover that grows slowly takes it along. The
 * anchor is the mean level of a subject's first windows, and hardly moves after: memory of `anchorMemory` windows, from
 * which nothing is learned faster than half of the limit. What is compared with it is the level's mean over the last
 * `1 / anchorRate` windows. The limit is a factor of `anchorMultiple`, or `anchorSpreads` times the subject's usual
 * distance from its anchor where that is more.
 */
export const anchorFollower = (layout: StateLayout, parameters: AnomalyParameters): FollowAnchor => {
  const { anchorWindows, anchorMemory, anchorRate, anchorSpreads } = parameters;
  const { anchor: anchors, recent: recents, spread: spreads, metricSeen } = layout;
  const leastLimit = Math.log(parameters.anchorMultiple);
  return (states, offset, metric, level) => {
    const anchorAt = offset + anchors + metric;
    const recentAt = offset + recents + metric;
    const spreadAt = offset + spreads + metric;
    const seen = states[offset + metricSeen + metric]!;
    if (seen === 0) {
      states[anchorAt] = level;
      states[recentAt] = level;
      return 0;
    }
    const anchor = states[anchorAt]!;
    const recent = states[recentAt]! + anchorRate * (level - states[recentAt]!);
    const square = states[spreadAt]!;
    const distance = recent - anchor;
    const limit = Math.max(leastLimit, anchorSpreads * Math.sqrt(square));
    const young = seen < anchorWindows;
    const cap = young ? Number.POSITIVE_INFINITY : limit / 2;
    const memory = young ? seen + 1 : anchorMemory;
    states[recentAt] = recent;
    states[anchorAt] = anchor + within(level - anchor, cap) / memory;
    states[spreadAt] = square + (within(distance, cap) ** 2 - square) / memory;
    return seen > anchorWindows / 4 ? Math.max(0, distance / limit) : 0;
  };
};

const within = (value: number, cap: number): number => Math.max(-cap, Math.min(cap, value));
