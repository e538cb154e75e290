import type { Provision } from '../../schemas/generated/index.ts';
import { type Pair, pairKey } from './names.ts';
import type { StoredSecret } from './store.ts';

/** A step of a pair that no decision wanted: of a request that came without one, or of what the store alone knows. */
export const blankProvision = ({ user, vm }: Pair, at: number, by: string): Provision => ({
  pair: pairKey({ user, vm }),
  user,
  vm,
  state: 'unknown',
  method: 'unknown',
  served: 'none',
  decisionId: '',
  probability: 0,
  predictedAt: null,
  windowStart: at,
  windowEnd: at,
  waitSavedMs: 0,
  exposureMs: 0,
  risk: 0,
  accessor: '',
  reference: '',
  mintedAt: null,
  expiresAt: null,
  endedAt: null,
  waitedMs: null,
  attempts: 0,
  lastError: '',
  at,
  by,
});

/** What a record says of a stored secret. */
export const factsOf = ({ decisionId, method, reference, accessor, mintedAt, expiresAt }: StoredSecret) => ({
  decisionId,
  method,
  reference,
  accessor,
  mintedAt,
  expiresAt,
});

/**
 * A secret lies in the store no more, and nobody got it.
 *
 * @param record - what was last said of it, where that is known
 */
export const endedRecord = (
  gone: StoredSecret,
  state: 'destroyed' | 'expired',
  at: number,
  by: string,
  record: Provision = { ...blankProvision(gone.pair, at, by), windowStart: gone.mintedAt, windowEnd: gone.expiresAt },
): Provision => ({ ...record, ...factsOf(gone), state, accessor: '', endedAt: at, at, by });
