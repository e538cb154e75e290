import type { LifecyclePolicy } from '../schemas/policy.ts';

/** Directions in which a score points, by index of the state's `branch` column. */
export const branches = ['', 'extend', 'keep', 'shorten', 'revoke'] as const;
export type Branch = (typeof branches)[number];

/** What the rule remembers of one credential. Times are event time, epoch milliseconds. */
export interface TtlState {
  /** TTL in force, milliseconds; 0 in the outcome of a revocation. */
  readonly ttlMs: number;
  readonly changedAt: number;
  /** Decayed count of scores above `high`. */
  readonly strikes: number;
  /** Windows in a row in the direction of the branch. */
  readonly streak: number;
  readonly branch: Branch;
}

/** What the rule makes of one window. */
export interface TtlOutcome {
  readonly state: TtlState;
  /** Undefined where nothing is to be said. */
  readonly action?: 'extend' | 'keep' | 'shorten' | 'revoke';
  readonly reason: string;
}

const two = (value: number) => value.toFixed(2);
const harsh = (branch: Branch) => branch === 'shorten' || branch === 'revoke';

/**
 * The TTL policy: above `high` a strike, and enough strikes revoke; above `moderate` halve; below `low` double up to
 * the maximum, or renew when half of the TTL has passed; else keep.
 *
 * Hysteresis asks for several windows in one direction, a cool-down for time between two changes; strikes decay with
 * event time. A revocation waits for neither. At the least TTL a shortening is stated again each time that the TTL has
 * passed: if the one before was not carried out, this one is.
 *
 * @param before - the state after the last window
 * @param score - 0 to 1
 * @param windowEnd - end of the window, epoch milliseconds
 * @param elapsedMs - event time since the last window's end, 0 and up
 * @param maxTtlMs - longest TTL allowed, milliseconds
 * @param policy - thresholds in force
 * @example
 * ttlRule({ ttlMs: 3_600_000, changedAt: 0, strikes: 2, streak: 2, branch: 'revoke' }, 0.97, t, 10_000, max, policy).action; // 'revoke'
 */
export const ttlRule = (
  before: TtlState,
  score: number,
  windowEnd: number,
  elapsedMs: number,
  maxTtlMs: number,
  policy: LifecyclePolicy,
): TtlOutcome => {
  const branch: Branch =
    score > policy.high ? 'revoke' : score > policy.moderate ? 'shorten' : score < policy.low ? 'extend' : 'keep';
  const strikes = before.strikes * 2 ** (-elapsedMs / policy.strikeHalfLifeMs) + (branch === 'revoke' ? 1 : 0);
  const sameDirection = branch === before.branch || (harsh(branch) && harsh(before.branch));
  const streak = sameDirection ? before.streak + 1 : 1;
  const next: TtlState = { ttlMs: before.ttlMs, changedAt: before.changedAt, strikes, streak, branch };

  if (branch === 'revoke') {
    // Strikes that have only just begun to decay still count in full.
    if (strikes >= policy.strikes - 0.5)
      return {
        state: changed(next, 0, windowEnd),
        action: 'revoke',
        reason: `${struck(score, strikes, policy)}: revoke`,
      };
    return shorten(before, next, score, windowEnd, policy);
  }
  if (branch === 'shorten') return shorten(before, next, score, windowEnd, policy);
  if (branch === 'keep')
    return before.branch === 'keep'
      ? { state: next, reason: '' }
      : {
          state: next,
          action: 'keep',
          reason: `Score ${two(score)} between low ${two(policy.low)} and moderate ${two(policy.moderate)}: keep`,
        };
  return extend(before, next, score, windowEnd, maxTtlMs, policy);
};

const changed = ({ strikes, streak, branch }: TtlState, ttlMs: number, changedAt: number): TtlState => ({
  ttlMs,
  changedAt,
  strikes,
  streak,
  branch,
});

const isCool = ({ changedAt }: TtlState, windowEnd: number, { cooldownMs }: LifecyclePolicy): boolean =>
  windowEnd - changedAt >= cooldownMs;

const struck = (score: number, strikes: number, { high, strikes: enough }: LifecyclePolicy): string =>
  `Score ${two(score)} above high ${two(high)}, strike ${Math.round(strikes)} of ${enough}`;

const extend = (
  before: TtlState,
  next: TtlState,
  score: number,
  windowEnd: number,
  maxTtlMs: number,
  policy: LifecyclePolicy,
): TtlOutcome => {
  const calm = (what: string): string =>
    `Score ${two(score)} below low ${two(policy.low)} for ${next.streak} windows: ${what}`;
  if (next.streak < policy.extendAfter) return { state: next, reason: '' };
  if (before.ttlMs < maxTtlMs && isCool(before, windowEnd, policy))
    return {
      state: changed(next, Math.min(before.ttlMs * 2, maxTtlMs), windowEnd),
      action: 'extend',
      reason: calm('double the TTL'),
    };
  if (before.ttlMs > 0 && windowEnd - before.changedAt >= before.ttlMs / 2)
    return {
      state: changed(next, Math.min(before.ttlMs, maxTtlMs), windowEnd),
      action: 'extend',
      reason: calm('renew, half of the TTL has passed'),
    };
  return { state: next, reason: '' };
};

const shorten = (
  before: TtlState,
  next: TtlState,
  score: number,
  windowEnd: number,
  policy: LifecyclePolicy,
): TtlOutcome => {
  const target = Math.max(Math.min(policy.minTtlMs, before.ttlMs), Math.round(before.ttlMs * 0.5));
  if (next.streak < policy.shortenAfter || !isCool(before, windowEnd, policy)) return { state: next, reason: '' };
  const why = (what: string): string =>
    next.branch === 'revoke'
      ? `${struck(score, next.strikes, policy)}: ${what}`
      : `Score ${two(score)} above moderate ${two(policy.moderate)}: ${what}`;
  if (target < before.ttlMs)
    return { state: changed(next, target, windowEnd), action: 'shorten', reason: why('halve the TTL') };
  // A life that was shortened is over by now; one that goes on was spared when the decision came to be applied
  const over = next.ttlMs > 0 && windowEnd - before.changedAt >= Math.max(before.ttlMs, policy.lateAfterMs);
  return over
    ? { state: changed(next, target, windowEnd), action: 'shorten', reason: why('hold the least TTL') }
    : { state: next, reason: '' };
};
