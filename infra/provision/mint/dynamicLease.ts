import { EbbtideError } from '../../../schemas/errors.ts';
import type { VaultClient } from '../../vault/client.ts';
import type { Target } from '../config.ts';
import { type Abandoning, type Minted, type MintRequest, wholeSeconds } from './minted.ts';

/**
 * A dynamic secret of any engine that leases. The lease ends with the token that fetched it, so it gets one of its own,
 * whose accessor is all that is needed to end it.
 */
export const mintDynamicLease = async (
  vault: VaultClient,
  { pair, target, ttlMs, abandon }: MintRequest<Extract<Target, { method: 'dynamicLease' }>> & Abandoning,
  now: () => number,
): Promise<Minted> => {
  const ttlS = wholeSeconds(ttlMs);
  const expiresAt = now() + ttlS * 1000;
  const { auth } = await vault.write(
    `auth/token/create/${encodeURIComponent(target.holderRole)}`,
    {
      policies: target.holderPolicies,
      no_default_policy: true,
      renewable: false,
      ttl: `${ttlS}s`,
      meta: { user: pair.user, vm: pair.vm },
    },
    { operation: 'createToken', unrepeatable: true },
  );
  if (!auth) throw new EbbtideError('VAULT_REJECTED', 'Vault issued no token to hold the lease', {});
  try {
    const answer = await vault.read<Record<string, unknown>>(target.path, {
      token: auth.client_token,
      operation: 'readLease',
      unrepeatable: true,
    });
    const leaseMs = answer.lease_duration > 0 ? answer.lease_duration * 1000 : ttlMs;
    return {
      method: 'dynamicLease',
      secret: { ...answer.data },
      reference: answer.lease_id,
      revocation: auth.accessor,
      expiresAt: Math.min(expiresAt, now() + leaseMs),
    };
  } catch (error) {
    await abandon(auth.accessor);
    throw error;
  }
};
