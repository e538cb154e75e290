import type { LifecyclePolicy } from '../schemas/policy.ts';
import type { TtlOutcome, TtlState } from './ttlRule.ts';

/**
 * What the policy makes of telemetry that stopped: nothing, half of the TTL, or a revocation.
 *
 * @param before - the state after the last window
 * @param at - when the silence had lasted for `silenceMs`, epoch milliseconds of event time
 * @param policy - `onSilence` says what to do
 */
export const silenceRule = (before: TtlState, at: number, policy: LifecyclePolicy): TtlOutcome => {
  const reason = `No telemetry for ${policy.silenceMs / 1000} s`;
  if (policy.onSilence === 'revoke')
    return { state: { ...before, ttlMs: 0, changedAt: at }, action: 'revoke', reason: `${reason}: revoke` };
  const target = Math.max(Math.min(policy.minTtlMs, before.ttlMs), Math.round(before.ttlMs * 0.5));
  if (policy.onSilence === 'shorten' && target < before.ttlMs)
    return {
      state: { ...before, ttlMs: target, changedAt: at, branch: 'shorten', streak: 1 },
      action: 'shorten',
      reason: `${reason}: halve the TTL`,
    };
  return { state: before, reason };
};
