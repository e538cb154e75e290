import type { Alert } from '../../../schemas/generated/Alert.ts';
import type { Decision } from '../../../schemas/generated/Decision.ts';

/** What is at stake halves in this time, milliseconds: a shift of eight hours. */
export const stakeHalfLifeMs = 8 * 3_600_000;

const actionWeights: Partial<Record<Decision['action'], number>> = { revoke: 1, narrow: 0.7, shorten: 0.6 };
const alertWeights: Record<Alert['severity'], number> = { critical: 1, warning: 0.6, info: 0.2 };

/** Whether a decision is one that people judge: it took something away. */
export const isHarsh = ({ action }: Pick<Decision, 'action'>): boolean => actionWeights[action] !== undefined;

/**
 * How grave a decision is, 0 to 1: the weight of its action (revoke 1, narrow 0.7, shorten 0.6) times the largest of
 * score, severity and risk.
 */
export const decisionSeverity = ({
  action,
  score,
  severity,
  risk,
}: Pick<Decision, 'action' | 'score' | 'severity' | 'risk'>): number =>
  (actionWeights[action] ?? 0) * Math.min(1, Math.max(0, score, severity, risk / 100));

/** How grave an alert is, 0 to 1: critical 1, warning 0.6, info 0.2. */
export const alertSeverity = ({ severity }: Pick<Alert, 'severity'>): number => alertWeights[severity];

/** How far it reaches, 1 and up: 1 + log2(1 + n), n being the other live credentials of the same entity, or else role. */
export const reachOf = (others: number): number => 1 + Math.log2(1 + Math.max(0, others));

/**
 * What orders the queue: the logarithm of severity × reach × 2^(−age / 8 h), up to what all entries share, so that the
 * order does not change with the clock.
 *
 * @param severity - 0 to 1
 * @param reach - 1 and up, see {@link reachOf}
 * @param at - when it happened, epoch milliseconds
 * @example
 * stakeKey(1, 1, now - 8 * 3_600_000) === stakeKey(0.5, 1, now); // a revocation of this morning, half as much now
 */
export const stakeKey = (severity: number, reach: number, at: number): number =>
  Math.log2(Math.max(severity, 1e-6) * reach) + at / stakeHalfLifeMs;

/** What is at stake now, 0 and up: severity × reach × 2^(−age / 8 h). */
export const stakeAt = (severity: number, reach: number, at: number, now: number): number =>
  severity * reach * 2 ** (-Math.max(0, now - at) / stakeHalfLifeMs);
