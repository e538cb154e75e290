import { isEbbtideError } from '../../schemas/errors.ts';
import type { PreparingVault } from './changes.ts';

/** Mounts and roles that the key host works with. */
export const keyhostMounts = { keys: 'pki-keys', endpoints: 'pki-endpoints', ssh: 'ssh-keys' } as const;
/** Transit key that signs users' tokens. */
export const tokenKey = 'ebbtide-key-jwt';
export const userKeyRole = 'ebbtide-user-key';
export const endpointRole = 'ebbtide-endpoint';
export const keyhostRole = 'ebbtide-keyhost';
/** Key of the hash that makes pseudonyms of users; it never leaves Vault. */
export const pseudonymKey = 'ebbtide-pseudonyms';

/**
 * Prepare a Vault for the key host: one authority for the keys of users and one for the connection between endpoints and
 * key host, so that neither kind of certificate passes for the other, and a transit engine for users' own keys. Doing it
 * again changes nothing.
 *
 * @param enable - enables a mount, unless it is there
 */
export const prepareKeyhost = async (
  vault: PreparingVault,
  enable: (path: string, body: object) => Promise<void>,
): Promise<void> => {
  await enable('sys/mounts/transit', { type: 'transit' });
  await vault.write(`transit/keys/${pseudonymKey}`, {});
  const { ssh, ...authorities } = keyhostMounts;
  for (const [of, mount] of Object.entries(authorities)) {
    await enable(`sys/mounts/${mount}`, { type: 'pki', config: { max_lease_ttl: '87600h' } });
    if (await hasIssuer(vault, mount)) continue;
    const root = { common_name: `Ebbtide ${of}`, key_type: 'ec', key_bits: 256, ttl: '87600h' };
    await vault.write(`${mount}/root/generate/internal`, root);
  }
  const role = { allow_any_name: true, enforce_hostnames: false, key_type: 'ec', key_bits: 256, no_store: false };
  await vault.write(`${keyhostMounts.endpoints}/roles/${keyhostRole}`, {
    ...role,
    server_flag: true,
    client_flag: false,
    max_ttl: '168h',
  });
  await vault.write(`${keyhostMounts.endpoints}/roles/${endpointRole}`, {
    ...role,
    server_flag: false,
    client_flag: true,
    max_ttl: '2160h',
  });
  await vault.write(`${keyhostMounts.keys}/roles/${userKeyRole}`, {
    ...role,
    server_flag: false,
    client_flag: true,
    key_type: 'any',
    key_bits: 0,
    use_csr_common_name: false,
    use_csr_sans: false,
    allowed_uri_sans: ['ebbtide:key:*'],
    max_ttl: '25h',
  });
  await vault.write(`transit/keys/${tokenKey}`, { type: 'ecdsa-p256' });
  await enable(`sys/mounts/${ssh}`, { type: 'ssh' });
  if (!(await isThere(() => vault.read(`${ssh}/config/ca`))))
    await vault.write(`${ssh}/config/ca`, { generate_signing_key: true, key_type: 'ed25519' });
  await vault.write(`${ssh}/roles/${userKeyRole}`, {
    key_type: 'ca',
    allow_user_certificates: true,
    allowed_users: '*',
    allow_user_key_ids: true,
    allowed_extensions: 'permit-pty',
    max_ttl: '25h',
  });
};

/** SSH engines answer 400 where there is no authority yet. */
const isThere = async (read: () => Promise<unknown>): Promise<boolean> => {
  try {
    await read();
    return true;
  } catch (error) {
    if (isEbbtideError(error, 'VAULT_NOT_FOUND') || isEbbtideError(error, 'VAULT_REJECTED')) return false;
    throw error;
  }
};

const hasIssuer = async (vault: PreparingVault, mount: string): Promise<boolean> => {
  try {
    return (await vault.list<{ keys?: readonly string[] }>(`${mount}/issuers`)).data.keys?.length !== 0;
  } catch (error) {
    if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return false;
    throw error;
  }
};
