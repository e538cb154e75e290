import { isEbbtideError } from '../../schemas/errors.ts';
import type { PreparingVault } from './changes.ts';

/** The SSH engine and role that users' certificates are signed by; {@link accessPrincipals} says whose. */
export const accessSsh = { mount: 'ssh', role: 'ebbtide-access' } as const;

/** What {@link accessPrincipals} needs to know of a target. */
interface AccessTarget {
  readonly method: string;
  readonly users: readonly string[];
  readonly mount?: string;
  readonly role?: string;
  readonly principals?: readonly string[];
}

/**
 * Whom certificates of {@link accessSsh} may be for, by what targets say; "*" stands for any characters.
 *
 * @param targets - by pattern of machines' names
 * @returns patterns of principals; any user at any machine where no target is of that role
 */
export const accessPrincipals = (targets: Readonly<Record<string, AccessTarget>>): readonly string[] => {
  const named = Object.entries(targets).flatMap(([vm, { users, mount, role, principals = [] }]) =>
    mount === accessSsh.mount && role === accessSsh.role
      ? users.flatMap((user) => principals.map((one) => one.replaceAll('{user}', user).replaceAll('{vm}', vm)))
      : [],
  );
  return named.length === 0 ? ['*@*'] : [...new Set(named.map(inPolicies))].sort();
};

/**
 * A pattern as policies take it, with "*" at its begin and end alone: where others are in it, the piece between them that has
 * the "@", or else the longest, which fits more. Policies take "*" alone for itself, and "**" for any characters.
 */
const inPolicies = (pattern: string): string => {
  if (/^\*+$/.test(pattern)) return '**';
  if (!pattern.slice(1, -1).includes('*')) return pattern;
  const pieces = pattern.split('*');
  const weight = (piece: string): number => piece.length + (piece.includes('@') ? pattern.length : 0);
  const at = pieces.reduce((best, piece, i) => (weight(piece) > weight(pieces[best]!) ? i : best), 0);
  return `${at > 0 ? '*' : ''}${pieces[at]}${at < pieces.length - 1 ? '*' : ''}`;
};

/** Longest life of a certificate or lease, seconds: that of the longest window. */
const longestS = 86_400;

/** Token role of the tokens that hold users' leases. */
export const accessLeaseRole = 'ebbtide-access-leases';

/**
 * Prepare a Vault for provisioning and delivery: two kv mounts, an SSH authority with its role, and the token role
 * for leases. Doing it again changes nothing that is there.
 *
 * @param enable - mounts an engine where it is missing
 * @param principals - of {@link accessPrincipals}. The role can list names and no patterns: where there are any, the policies
 *   of provisioning and delivery alone say whom they may sign for
 */
export const prepareProvisioning = async (
  vault: PreparingVault,
  enable: (path: string, body: object) => Promise<void>,
  principals: readonly string[],
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
  await vault.write(`${accessSsh.mount}/roles/${accessSsh.role}`, {
    key_type: 'ca',
    allow_user_certificates: true,
    allow_host_certificates: false,
    allowed_users: principals.some((one) => one.includes('*')) ? '*' : principals.join(','),
    allow_user_key_ids: true,
    // Seconds that clocks of machines may be behind
    not_before_duration: '30s',
    ttl: '15m',
    max_ttl: `${longestS}s`,
    default_extensions: { 'permit-pty': '' },
    allowed_extensions: 'permit-pty',
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
