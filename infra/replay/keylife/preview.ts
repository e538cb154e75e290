import { EbbtideError } from '../../../schemas/errors.ts';
import type { KeylifePolicy } from '../../../schemas/keylifePolicy.ts';
import type { GrantedKey, GrantedKeyArchive } from '../../clickhouse/grantedKeys.ts';
import type { KeyhostConfig } from '../../services/keyhost/config.ts';
import { keyLifeMs } from '../../services/keyhost/keys.ts';
import type { TrialWish } from '../trial.ts';

/** The last key of somebody that would have lived for another time. */
export interface ChangedKey extends GrantedKey {
  /** Milliseconds. */
  readonly draftMs: number;
  readonly inForceMs: number;
}

/** What would have become of those of one person's keys of which something was compared. */
export interface KeyHolder {
  /** Pseudonym. */
  readonly user: string;
  readonly keys: number;
  readonly changed: number;
  /** Absent where nothing would have changed. */
  readonly last?: ChangedKey;
}

/** What came of it. */
export interface KeyPreview {
  readonly holders: readonly KeyHolder[];
  /** How many keys would have lived how long, milliseconds: those of which something was compared. */
  readonly draft: ReadonlyMap<number, number>;
  readonly inForce: ReadonlyMap<number, number>;
  /** Keys of which nothing was compared: how long they would have lived is unknown. */
  readonly uncompared: number;
  /** How many keys were looked at where there may be more before them; null where these are all. */
  readonly limit: number | null;
  /** When the first and the last was granted, epoch milliseconds. */
  readonly span: { readonly from: number; readonly to: number };
}

/** Tries a policy of key lifespans on the past. */
export type PreviewKeys = (wish: TrialWish<KeylifePolicy>) => Promise<KeyPreview>;

const toldEvery = 1_000;

/**
 * Tries lifespans on the keys that were granted, by the rule that the key host grants keys by. Risks stay what they were:
 * behaviour is not kept, and is not compared again. Of keys of which nothing was compared the archive does not say whether
 * their user was being learned or in doubt: they are counted, and left out.
 *
 * @param config - how the key host grants keys, beside its policy
 * @param most - keys at most; of more, the latest
 * @returns throws `DATA_MISSING` where no key was granted
 */
export const openKeyPreview =
  (source: GrantedKeyArchive, config: KeyhostConfig, most = 100_000): PreviewKeys =>
  async ({ policy, inForce, from, to, stopping, progressed }) => {
    const abort = new AbortController();
    const listening = stopping.subscribe(() => abort.abort());
    const holders = new Map<string, { user: string; keys: number; changed: number; last?: ChangedKey }>();
    const lives = { draft: new Map<number, number>(), inForce: new Map<number, number>() };
    const span = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
    let [keys, uncompared] = [0, 0];
    const take = (key: GrantedKey): void => {
      const { user, risk, heard, issuedAt, revocable } = key;
      span.from = Math.min(span.from, issuedAt);
      span.to = Math.max(span.to, issuedAt);
      if (++keys % toldEvery === 0) progressed(keys, most);
      if (risk === null) {
        uncompared++;
        return;
      }
      const grounds = { risk, learning: false, heard };
      const lifeBy = (of: KeylifePolicy): number => keyLifeMs(grounds, { signer: { revocable }, config, policy: of });
      const [draftMs, inForceMs] = [lifeBy(policy), lifeBy(inForce)];
      lives.draft.set(draftMs, (lives.draft.get(draftMs) ?? 0) + 1);
      lives.inForce.set(inForceMs, (lives.inForce.get(inForceMs) ?? 0) + 1);
      const holder = holders.get(user) ?? { user, keys: 0, changed: 0 };
      holders.set(user, holder);
      holder.keys++;
      if (draftMs !== inForceMs) {
        holder.changed++;
        holder.last = { ...key, draftMs, inForceMs };
      }
    };
    try {
      await source.each(from, to, most, take, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) throw new EbbtideError('CANCELLED', 'Another draft is being tried', {}, error);
      throw error;
    } finally {
      listening.unsubscribe();
    }
    if (keys === 0)
      throw new EbbtideError(
        'DATA_MISSING',
        'The archive holds no key that was granted in this time; the key host grants them when users sign in',
      );
    return { holders: [...holders.values()], ...lives, uncompared, limit: keys === most ? most : null, span };
  };
