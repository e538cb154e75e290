import { EbbtideError } from '../../schemas/errors.ts';
import type { ProvisionConfig } from './config.ts';
import type { Machines } from './machines.ts';
import type { Minted } from './mint/minted.ts';
import type { Minter } from './mint/minter.ts';
import { type Pair, pairKey } from './names.ts';
import type { Owe } from './owed.ts';
import type { RiskGate } from './risk.ts';
import { seal } from './sealing.ts';
import type { SecretStore, StoredSecret } from './store.ts';
import { targetOf } from './targets.ts';
import { isMadeFor, sshKeyHash, type UserDirectory } from './userKeys.ts';

/** What making credentials needs. */
export interface PrepareParts {
  readonly store: SecretStore;
  readonly minter: Minter;
  readonly directory: UserDirectory;
  readonly risk: RiskGate;
  readonly machines: Machines;
  readonly config: ProvisionConfig;
  readonly now: () => number;
}

/** What is to be prepared. */
export interface Wanted {
  readonly pair: Pair;
  readonly decisionId: string;
  /** Epoch milliseconds. */
  readonly windowEnd: number;
}

/** What preparing came to. */
export type Prepared =
  | { readonly kind: 'prepared'; readonly stored: StoredSecret; readonly replaced: StoredSecret | undefined }
  /** Stored before, for the same decision. */
  | { readonly kind: 'stored'; readonly stored: StoredSecret }
  /** Taken or destroyed before, for the same decision, or made for a key that was changed meanwhile. */
  | { readonly kind: 'done' }
  /** Another instance is at it until then, epoch milliseconds. */
  | { readonly kind: 'held'; readonly untilMs: number };

/**
 * See that a user may have a credential for a machine now.
 *
 * @throws {EbbtideError} `REQUEST_INVALID`, `NOT_FOUND` (no such machine, or it is archived) or `FORBIDDEN` (not this user,
 *   or too risky)
 */
export const admit = ({ config, machines, risk }: Pick<PrepareParts, 'config' | 'machines' | 'risk'>, pair: Pair) => {
  const target = targetOf(config, pair);
  if (machines.isArchived(pair.vm))
    throw new EbbtideError('NOT_FOUND', `Machine "${pair.vm}" is archived`, { vm: pair.vm, reason: 'archived' });
  const now = risk.riskOf(pair);
  if (now > config.maxRisk)
    throw new EbbtideError('FORBIDDEN', `Risk of "${pair.user}" is ${Math.round(now)}, above ${config.maxRisk}`, {
      ...pair,
      risk: now,
      reason: 'risk',
    });
  return target;
};

/**
 * Make, seal and store the credential of one pair, once for each decision across all instances. Whatever fails, nothing
 * is left behind: what was made is ended, as soon as Vault can be asked, and the claim given back.
 *
 * @throws {EbbtideError} as {@link admit}, `NOT_FOUND` for a user without a public key, `REQUEST_INVALID` where the window
 *   has ended, or what Vault failed with
 */
export const prepare = async (
  parts: PrepareParts & {
    readonly owe: Owe;
    /** Sees to it that the credential of what a later decision replaced is ended, and that this is written; it must not reject. */
    readonly endReplaced: (replaced: StoredSecret) => Promise<void>;
  },
  { pair, decisionId, windowEnd }: Wanted,
): Promise<Prepared> => {
  const { store, minter, directory, config, now, owe, endReplaced } = parts;
  const target = admit(parts, pair);
  const ttlMs = Math.min(windowEnd - now(), config.maxWindowMs);
  if (ttlMs < Math.max(1_000, config.minRemainingMs))
    throw new EbbtideError('REQUEST_INVALID', 'The window has ended before the credential could be made', { ...pair });
  const keys = await directory.find(pair.user);
  if (!keys)
    throw new EbbtideError(
      'NOT_FOUND',
      `User "${pair.user}" has enrolled no public key to seal to; "ebbtide credential enrol" does`,
      { user: pair.user, reason: 'publicKey' },
    );
  const outcome = await store.claim(pair, decisionId, now() + config.claimMs);
  if (outcome.kind !== 'claimed') return outcome;
  const { claim } = outcome;
  let minted: Minted | undefined;
  let mintedAt = 0;
  try {
    if (claim.replaced) await endReplaced(claim.replaced);
    minted = await minter.mint({ pair, target, ttlMs, sshPublicKey: keys.sshPublicKey });
    mintedAt = now();
    const { method, reference, revocation, expiresAt } = minted;
    const made = { recipient: keys.recipient, sshKeyHash: sshKeyHash(keys.sshPublicKey) };
    const facts = { method, reference, revocation, expiresAt, ...made, mintedAt };
    const sealed = await seal(sealedText(pair, minted), keys.recipient);
    const stored = await store.put(claim, sealed, facts, Math.min(ttlMs, expiresAt - mintedAt));
    if (stored) {
      // Whoever enrols a key after this finds what is stored, and destroys it
      if (isMadeFor(stored, await directory.find(pair.user)))
        return { kind: 'prepared', stored, replaced: claim.replaced };
      await store.destroy(pair, (lies) => lies.decisionId !== decisionId);
      await minter.end(stored);
      return { kind: 'done' };
    }
    await minter.end({ pair, method, revocation });
    return { kind: 'held', untilMs: now() + config.claimMs };
  } catch (error) {
    const made = minted;
    if (made) {
      const id = `${pairKey(pair)} ${decisionId} ${mintedAt}`;
      await owe(`end ${id}`, () => minter.end({ pair, ...made }), made.expiresAt);
      // It may be stored without an answer; by then a later try may have put another in its place
      const another = (lies: StoredSecret) => lies.decisionId !== decisionId || lies.mintedAt !== mintedAt;
      await owe(`destroy ${id}`, async () => void (await store.destroy(pair, another)), made.expiresAt);
    }
    await store.release(claim).catch(() => {});
    throw error;
  }
};

/** What is sealed: JSON that says what it is for, so that it cannot be taken for another's. */
export const sealedText = ({ user, vm }: Pair, { method, expiresAt, secret }: Minted): string =>
  JSON.stringify({ user, vm, method, expiresAt: new Date(expiresAt).toISOString(), credential: secret });
