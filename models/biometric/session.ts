import { type LifespanRule, lifespanOf, lifespanRule } from './lifespan.ts';
import { sigmoid } from './risk.ts';

/** What is followed of a session after its key was issued. Plain numbers, to be kept. */
export interface SessionState {
  /** Decayed sum of log odds, and of their weights. */
  readonly sum: number;
  readonly weight: number;
  /** Log odds at issue: what the session is held against until it has shown enough. */
  readonly issued: number;
  /** End of the key's life, epoch milliseconds. */
  readonly expiresAt: number;
  /** When it was last looked at, epoch milliseconds. */
  readonly seenAt: number;
}

/** How a session is followed. */
export interface SessionRule {
  readonly lifespans: LifespanRule;
  /** Time after which a burst weighs 1/e, milliseconds. */
  readonly memoryMs: number;
  /** How many bursts the risk at issue weighs like. */
  readonly prior: number;
  /** Age at which a key is rotated whatever the risk, milliseconds. */
  readonly rotateAfterMs: number;
}

/** One odd burst changes little; a handful that agree change everything. */
export const sessionRule: SessionRule = {
  lifespans: lifespanRule,
  memoryMs: 600_000,
  prior: 3,
  rotateAfterMs: 24 * 3_600_000,
};

const surest = 6;

/** Begin to follow a session whose key was issued for a risk. */
export const beginSession = (
  risk: number,
  issuedAt: number,
  lifespanMs: number,
  rule: SessionRule = sessionRule,
): SessionState => ({
  sum: 0,
  weight: 0,
  issued: Math.min(surest, Math.max(-surest, Math.log(risk / (1 - risk)))),
  expiresAt: issuedAt + Math.min(lifespanMs, rule.rotateAfterMs),
  seenAt: issuedAt,
});

/** What a burst comes to. */
export interface SessionStep {
  readonly state: SessionState;
  /** Risk of the session with the burst. */
  readonly risk: number;
  /** The new end of the key's life, where it is earlier than before; never later: keys are issued anew, not stretched. */
  readonly cutTo?: number;
}

/**
 * Follow a session by one more burst.
 *
 * @param logOdds that it is an impostor's; what is no number counts as the surest
 * @param time of the burst, epoch milliseconds; one before the last counts as at the last
 * @param counts how much the burst counts: 1 for one that a verifier of weight 1 has looked at, more for none
 */
export const followSession = (
  before: SessionState,
  logOdds: number,
  time: number,
  rule: SessionRule = sessionRule,
  counts = 1,
): SessionStep => {
  const now = Math.max(time, before.seenAt);
  const decay = Math.exp(-(now - before.seenAt) / rule.memoryMs);
  const odds = Number.isNaN(logOdds) ? surest : Math.min(surest, Math.max(-surest, logOdds));
  const share = Math.min(1, Math.max(0, counts));
  const sum = before.sum * decay + share * odds;
  const weight = before.weight * decay + share;
  const risk = sigmoid((sum + rule.prior * before.issued) / (weight + rule.prior));
  const end = now + lifespanOf(risk, rule.lifespans);
  const state = { ...before, sum, weight, seenAt: now };
  return end < before.expiresAt ? { state: { ...state, expiresAt: end }, risk, cutTo: end } : { state, risk };
};
