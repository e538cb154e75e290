import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { VaultClient } from '../vault/client.ts';
import { isSshPublicKey } from './opensshKey.ts';
import { isRecipient } from './sealing.ts';

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

/** @throws {EbbtideError} `REQUEST_INVALID` */
export const assertKeys = ({ recipient, sshPublicKey }: UserKeys): void => {
  if (!isRecipient(recipient))
    throw new EbbtideError(
      'REQUEST_INVALID',
      'The recipient is no age public key; expected age1 and 58 characters, as "ebbtide credential enrol" makes it',
    );
  if (sshPublicKey !== undefined && !isSshPublicKey(sshPublicKey))
    throw new EbbtideError('REQUEST_INVALID', 'The SSH public key is not one line of an Ed25519 or ECDSA key');
};
