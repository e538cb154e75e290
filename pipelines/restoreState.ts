import { flag, type KeyedState } from '../operators/keyedState.ts';
import { branches } from '../operators/ttlRule.ts';
import type { LifecycleState } from '../schemas/generated/index.ts';

/**
 * Put a subject's record of the changelog into the keyed state.
 *
 * @param model - the model that goes on; the carried state of another version begins anew
 */
export const loadState = (
  state: KeyedState,
  record: LifecycleState,
  model: { readonly version: string; readonly stateSize: number },
) => {
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
  const bytes = record.model;
  const from = slot * model.stateSize;
  if (record.modelVersion === model.version && bytes.length === model.stateSize * 4)
    state.model.set(new Float32Array(new Uint8Array(bytes).buffer), from);
  else state.model.fill(0, from, from + model.stateSize);
};
