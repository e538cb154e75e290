import { createHash } from 'node:crypto';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { VaultClient } from '../vault/client.ts';
import { isSshPublicKey } from './opensshKey.ts';
import { isRecipient } from './sealing.ts';
import type { StoredSecret } from './store.ts';

/** Public keys of a user. */
export interface UserKeys {
  /** age recipient (`age1…`) that secrets are sealed to. */
  readonly recipient: string;
  /** The user's own SSH public key; where there is one, no key pair is made. */
  readonly sshPublicKey?: string;
}

/** Public keys that users have enrolled, in a kv (version 2) mount of Vault, at `users/<user>`. */
export class UserDirectory {
  readonly #vault: VaultClient;
  readonly #mount: string;

  constructor(vault: VaultClient, mount: string) {
    this.#vault = vault;
    this.#mount = mount;
  }

  /** @returns undefined where the user has enrolled none, or what lies there is no key */
  async find(user: string): Promise<UserKeys | undefined> {
    try {
      const { data } = await this.#vault.read<{ data: Partial<UserKeys> }>(`${this.#mount}/data/users/${user}`, {
        operation: 'readUserKeys',
      });
      const { recipient = '', sshPublicKey } = data.data;
      if (!isRecipient(recipient)) return undefined;
      return { recipient, ...(sshPublicKey ? { sshPublicKey } : {}) };
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /**
   * Put a user's keys in the place of earlier ones.
   *
   * @throws {EbbtideError} `REQUEST_INVALID` for what is no key
   */
  async enrol(user: string, keys: UserKeys): Promise<void> {
    assertKeys(keys);
    await this.#vault.write(`${this.#mount}/data/users/${user}`, { data: keys }, { operation: 'writeUserKeys' });
  }
}

/** A hash of an SSH public key, without its comment; empty where there is none. */
export const sshKeyHash = (sshPublicKey: string | undefined): string => {
  if (sshPublicKey === undefined) return '';
  const [type, blob] = sshPublicKey.trim().split(/\s+/);
  return createHash('sha256').update(`${type} ${blob}`).digest('base64');
};

/** Whether a stored secret is sealed to these keys, and its certificate, if it is one, made for them. */
export const isMadeFor = (
  { recipient, method, sshKeyHash: hash }: StoredSecret,
  keys: Partial<UserKeys> | undefined,
): boolean =>
  recipient === keys?.recipient && (method !== 'sshCertificate' || (hash ?? '') === sshKeyHash(keys.sshPublicKey));

/** @throws {EbbtideError} `REQUEST_INVALID` */
export const assertKeys = ({ recipient, sshPublicKey }: Partial<UserKeys>): void => {
  if (recipient !== undefined && !isRecipient(recipient))
    throw new EbbtideError(
      'REQUEST_INVALID',
      'The recipient is no age public key; expected age1 and 58 characters, as "ebbtide credential enrol" makes it',
    );
  if (sshPublicKey !== undefined && !isSshPublicKey(sshPublicKey))
    throw new EbbtideError('REQUEST_INVALID', 'The SSH public key is not one line of an Ed25519 or ECDSA key');
};
