import type { Logger } from '../log.ts';
import type { ProvisionMetrics } from './metrics.ts';
import { pairKey } from './names.ts';
import { codeOf } from './notices.ts';
import type { SecretStore, StoredSecret } from './store.ts';

/** What {@link sweep} works with. */
export interface SweepParts {
  readonly store: Pick<SecretStore, 'pairs' | 'verify' | 'destroy'>;
  readonly now: () => number;
  readonly metrics: Pick<ProvisionMetrics, 'failures'>;
  readonly log: Logger;
}

/** Pairs in a row that cannot be looked at: it is not they that are amiss then. */
const mostInARow = 5;

/**
 * Look through the store for secrets that nobody sees to any more, and for those that somebody else has taken, and destroy
 * them. A pair that cannot be looked at is counted and passed over.
 *
 * @param onGone - gets what was destroyed, and whether somebody else had taken it before its time
 * @throws {EbbtideError} where the store cannot name its pairs, or fails for several in a row
 */
export const sweep = async (
  { store, now, metrics, log }: SweepParts,
  onGone: (gone: StoredSecret, tampered: boolean) => Promise<void>,
): Promise<void> => {
  let inARow = 0;
  for (const pair of await store.pairs())
    try {
      const lies = await store.verify(pair);
      const gone = await store.destroy(pair, ({ expiresAt }) => lies && expiresAt > now());
      if (gone) await onGone(gone, !lies);
      inARow = 0;
    } catch (error) {
      const code = codeOf(error);
      metrics.failures.inc({ code });
      log.warn({ pair: pairKey(pair), code }, 'what lies in the store cannot be looked at');
      if (++inARow === mostInARow) throw error;
    }
};
