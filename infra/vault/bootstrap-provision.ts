import { isEbbtideError } from '../../schemas/errors.ts';
import type { PreparingVault } from './changes.ts';

/** Longest life of a certificate or lease, seconds: that of the longest window. */
const longestS = 86_400;

/** Token role of the tokens that hold users' leases. */
export const accessLeaseRole = 'ebbtide-access-leases';

/**
 * Prepare a Vault for provisioning and delivery: two kv mounts, an SSH authority with its role, and the token role
 * for leases. Doing it again changes nothing that is there.
 *
 * @param enable - mounts an engine where it is missing
 */
export const prepareProvisioning = async (
  vault: PreparingVault,
  enable: (path: string, body: object) => Promise<void>,
): Promise<void> => {
  const kv = { type: 'kv', options: { version: '2' } };
  await enable('sys/mounts/ebbtide-provisions', kv);
  await enable('sys/mounts/ebbtide-users', kv);
  // One version: a wrapping token must not be found in an older one
  await whenUpgraded(() =>
    vault.write(
      'ebbtide-provisions/config',
      { max_versions: 1, delete_version_after: `${2 * longestS}s` },
      { retry: false },
    ),
  );
  await enable('sys/mounts/ssh', { type: 'ssh' });
  await vault.read('ssh/config/ca').catch((error: unknown) => {
    if (!isEbbtideError(error, 'VAULT_REJECTED') && !isEbbtideError(error, 'VAULT_NOT_FOUND')) throw error;
    return vault.write('ssh/config/ca', { generate_signing_key: true, key_type: 'ed25519', key_bits: 0 });
  });
  await vault.write('ssh/roles/ebbtide-access', {
    key_type: 'ca',
    allow_user_certificates: true,
    allow_host_certificates: false,
    allowed_users: '*',
    allow_user_key_ids: true,
    // Seconds that clocks of machines may be behind
    not_before_duration: '30s',
    ttl: '15m',
    max_ttl: `${longestS}s`,
    default_extensions: { 'permit-pty': '' },
    allowed_extensions: 'permit-pty,permit-port-forwarding,permit-agent-forwarding',
    algorithm_signer: 'default',
  });
  await vault.write(`auth/token/roles/${accessLeaseRole}`, {
    orphan: true,
    renewable: false,
    token_no_default_policy: true,
    token_explicit_max_ttl: `${longestS}s`,
    allowed_policies: ['ebbtide-access-lease'],
  });
};

/** A version 2 kv mount upgrades itself in the background and refuses everything until it has. */
export const whenUpgraded = async <T>(work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isEbbtideError(error, 'VAULT_REJECTED') || !/upgrad/i.test(error.message)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
};
