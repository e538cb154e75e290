import { randomBytes } from 'node:crypto';
import type { VaultClient } from '../../vault/client.ts';
import type { Target } from '../config.ts';
import { pairKey } from '../names.ts';
import { generateSshKeyPair } from '../opensshKey.ts';
import { filledIn, type Minted, type MintRequest, wholeSeconds } from './minted.ts';

/** A certificate of Vault's SSH authority, with a key pair where the user brings none. */
export const mintSshCertificate = async (
  vault: VaultClient,
  { pair, target, ttlMs, sshPublicKey }: MintRequest<Extract<Target, { method: 'sshCertificate' }>>,
  now: () => number,
): Promise<Minted> => {
  const made = sshPublicKey === undefined ? await generateSshKeyPair(`${pair.user}@${pair.vm}`) : undefined;
  const publicKey = made?.publicKey ?? sshPublicKey ?? '';
  const principals = target.principals.map((principal) => filledIn(principal, pair));
  const ttlS = wholeSeconds(ttlMs);
  // Counted before it is asked for, so that it is never thought to live longer than it does
  const expiresAt = now() + ttlS * 1000;
  const { data } = await vault.write<{ signed_key: string; serial_number: string }>(
    `${target.mount}/sign/${encodeURIComponent(target.role)}`,
    {
      public_key: publicKey,
      cert_type: 'user',
      valid_principals: principals.join(','),
      ttl: `${ttlS}s`,
      // What the machine's own log shows of the login
      key_id: `ebbtide/${pairKey(pair)}/${randomBytes(6).toString('hex')}`,
    },
    { operation: 'signSshKey' },
  );
  return {
    method: 'sshCertificate',
    secret: {
      ...(made ? { privateKey: made.privateKey } : {}),
      publicKey,
      certificate: data.signed_key.trim(),
      principals,
    },
    reference: data.serial_number,
    revocation: '',
    expiresAt,
  };
};
