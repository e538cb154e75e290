/** How far an adaptive baseline may go; see `docs/biometric.md` on poisoning. */
export interface LearningGuard {
  /** Learn only from sessions whose risk is at most this. */
  readonly most: number;
  /** And whose risk by the anchor alone is at most this. */
  readonly mostByAnchor: number;
  /** How much farther from the anchor than from the recent template a sample may lie, in ln distance. */
  readonly leniency: number;
}

/**
 * Chosen on the training part of CMU's benchmark: with half the leniency an attacker who blends in slowly gains half as
 * much, and owners lose half a percent; with none the attacker gains nothing, and owners nothing from learning.
 */
export const learningGuard: LearningGuard = { most: 0.2, mostByAnchor: 0.5, leniency: 0.05 };

/** Risk of a session by both templates. */
export interface GuardedRisk {
  /** What is decided by: the greater of both. */
  readonly risk: number;
  readonly byRecent: number;
  /** By the anchor, which is given some leniency, for people change. */
  readonly byAnchor: number;
}

/** Decide by the greater risk: what crept into the recent template cannot excuse what the anchor does not know. */
export const guardedRisk = (byRecent: number, byAnchor: number): GuardedRisk => ({
  risk: Math.max(byRecent, byAnchor),
  byRecent,
  byAnchor,
});

/** Whether a session may be learned from. */
export const mayLearn = ({ risk, byAnchor }: GuardedRisk, guard: LearningGuard = learningGuard): boolean =>
  risk <= guard.most && byAnchor <= guard.mostByAnchor;
