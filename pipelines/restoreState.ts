import { flag, type KeyedState } from '../operators/keyedState.ts';
import { branches } from '../operators/ttlRule.ts';
import type { LifecycleState } from '../schemas/generated/index.ts';

/**
 * Put a subject's record of the changelog into the keyed state.
 * The carried state of each model goes on where that model still scores; see `operators/score.ts`.
 */
export const loadState = (state: KeyedState, record: LifecycleState) => {
  const slot = state.slotOf(record.subject);
  state.closedThrough[slot] = record.closedThrough;
  state.coveredBefore[slot] = record.processedOffset;
  state.ttlMs[slot] = record.ttlMs;
  state.changedAt[slot] = record.changedAt;
  state.alarmedAt[slot] = record.alarmedAt;
  state.strikes[slot] = record.strikes;
  state.streak[slot] = record.streak;
  state.branch[slot] = Math.max(0, branches.indexOf(record.branch as never));
  state.flags[slot] = record.flags & (flag.revoked | flag.silent | flag.registered | flag.shadow | flag.strayed);
  if (record.budget.length > 0) state.budget.set(slot, [...record.budget]);
  else state.budget.delete(slot);
  state.carried.keep(slot, [record.modelVersion, record.challengerVersion]);
  const carry = (version: string, bytes: Uint8Array) => {
    if (version && bytes.length % 4 === 0)
      state.carried.write(version, slot, new Float32Array(new Uint8Array(bytes).buffer));
  };
  carry(record.modelVersion, record.model);
  carry(record.challengerVersion, record.challenger);
};
