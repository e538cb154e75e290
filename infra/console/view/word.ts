import type { Lane } from './lane.ts';

/** What state a credential is in, in a word. */
export type LaneWord = 'learning' | 'steady' | 'extended' | 'shortened' | 'revoked' | 'refused' | 'expired' | 'unknown';

const appliedAction = (lane: Lane) =>
  lane.moments.findLast(
    ({ effect }) => effect !== null && (effect.outcome === 'enforced' || effect.outcome === 'advisory'),
  );

/** Whether the last thing done to it was a revocation. */
export const isRevoked = (lane: Lane): boolean => appliedAction(lane)?.effect?.action === 'revoke';

/**
 * The state word of a lane.
 *
 * @param now - epoch milliseconds
 */
export const wordOf = (lane: Lane, now: number): LaneWord => {
  const remaining = lane.life.remainingAt(now);
  if (isRevoked(lane)) return lane.refused ? 'refused' : 'revoked';
  if (remaining === null) return 'unknown';
  if (remaining === 0 || lane.credential?.status === 'ended') return lane.refused ? 'refused' : 'expired';
  if (lane.lastScore?.learning) return 'learning';
  const last = appliedAction(lane);
  const issuedMs = lane.credential?.ttlMs;
  const inForceMs = last?.decision?.newTtlMs ?? last?.effect?.requestedTtlMs;
  if (!last || inForceMs === undefined || issuedMs === undefined) return 'steady';
  if (inForceMs > issuedMs) return 'extended';
  if (inForceMs < issuedMs || last.effect?.action === 'shorten') return 'shortened';
  return 'steady';
};
