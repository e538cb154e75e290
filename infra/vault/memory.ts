import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { Applied } from '../../operators/actuate/newestOnly.ts';
import { isRenewal } from '../../operators/actuate/renewal.ts';
import { WatchList } from '../../operators/actuate/watchList.ts';
import type { Effect } from '../../schemas/generated/index.ts';
import type { ActuatorConfig } from './config.ts';
import type { Memory } from './enforcer.ts';

const reconcileId = /^reconcile\/(.+)\/(\d+)$/;

/** An empty memory of the size that the configuration gives. */
export const createMemory = (config: ActuatorConfig): Memory => ({
  done: new LastSeen<string, true>(config.remember),
  applied: new LastSeen<string, Applied>(config.remember),
  revivals: new LastSeen<string, number>(config.watch.capacity),
  watch: new WatchList(config.watch),
});

/**
 * Take in an effect that was written, by this process before its restart or by another one.
 *
 * @returns false when it is known already
 */
export const recall = (memory: Memory, effect: Effect, nowMs: number): boolean => {
  // What a holder asked for and was granted decides nothing
  if (isRenewal(effect) || memory.done.has(effect.decisionId)) return false;
  memory.done.set(effect.decisionId, true);
  const revival = reconcileId.exec(effect.decisionId);
  if (revival) {
    memory.revivals.set(effect.subject, Math.max(memory.revivals.get(effect.subject) ?? 0, Number(revival[2])));
    if (effect.action === 'revoke' && effect.outcome === 'enforced') memory.watch.forget(effect.subject);
    return true;
  }
  if (effect.outcome !== 'enforced' && effect.outcome !== 'advisory') return true;
  const windowEnd = Number(effect.decisionId.split('/').at(-1));
  memory.applied.set(effect.subject, {
    windowEnd: Number.isFinite(windowEnd) ? windowEnd : 0,
    revoked: effect.action === 'revoke',
  });
  if (effect.action === 'shorten' && effect.remainingMs !== 0)
    memory.watch.watch(effect.subject, effect.requestedTtlMs, effect.expiresAt, nowMs);
  else memory.watch.forget(effect.subject);
  return true;
};
