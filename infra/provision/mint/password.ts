import { randomBytes } from 'node:crypto';
import type { VaultClient } from '../../vault/client.ts';
import type { ProvisionConfig, Target } from '../config.ts';
import type { Pair } from '../names.ts';
import { generatePassword, passwordVerifier } from '../password.ts';
import { type Abandoning, type Minted, type MintRequest, wholeSeconds } from './minted.ts';

const verifierPath = ({ user, vm }: Pair, id: string): string => `verifiers/${vm}/${user}/${id}`;

/**
 * A random password, and its verifier at `<mount>/data/verifiers/<vm>/<user>/<id>`, where the machine's authenticator looks
 * for those of a user. The verifier is deleted by Vault when the password ends, and must be refused by its `expiresAt` before.
 */
export const mintPassword = async (
  vault: VaultClient,
  mount: ProvisionConfig['mount'],
  { pair, target, ttlMs, abandon }: MintRequest<Extract<Target, { method: 'password' }>> & Abandoning,
  now: () => number,
): Promise<Minted> => {
  const password = generatePassword(target.length);
  const ttlS = wholeSeconds(ttlMs);
  const verifier = await passwordVerifier(password);
  const expiresAt = now() + ttlS * 1000;
  const id = randomBytes(8).toString('hex');
  const path = verifierPath(pair, id);
  try {
    await vault.write(
      `${mount}/metadata/${path}`,
      { delete_version_after: `${ttlS}s`, max_versions: 1 },
      { operation: 'writeVerifier' },
    );
    await vault.write(
      `${mount}/data/${path}`,
      { data: { verifier, expiresAt: new Date(expiresAt).toISOString() } },
      { operation: 'writeVerifier' },
    );
  } catch (error) {
    // A write without an answer may have been made all the same
    await abandon(id);
    throw error;
  }
  return { method: 'password', secret: { password }, reference: '', revocation: id, expiresAt };
};

/** Take the verifier away: the password opens nothing from now on. */
export const removeVerifier = async (vault: VaultClient, mount: string, pair: Pair, id: string): Promise<void> => {
  await vault.remove(`${mount}/metadata/${verifierPath(pair, id)}`, { operation: 'removeVerifier' });
};
