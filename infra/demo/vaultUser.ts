import { randomBytes } from 'node:crypto';
import type { Logger } from '../log.ts';
import { UserDirectory } from '../provision/userKeys.ts';
import { VaultClient } from '../vault/client.ts';
import { vaultConfig } from '../vault/config.ts';

/** Makes users of the demonstration at Vault. */
export interface VaultUsers {
  /**
   * Make a user with a password that nobody learns, enrol a public key, and log in.
   *
   * @param recipient - of age, what the user's credentials are sealed to
   * @returns the user's token
   */
  make(name: string, recipient: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param place - the embedded Vault, and its root token
 * @param usersMount - where public keys lie
 * @throws {EbbtideError} what Vault failed with
 */
export const openVaultUsers = async (
  { address, rootToken }: { readonly address: string; readonly rootToken: string },
  usersMount: string,
  log: Logger,
): Promise<VaultUsers> => {
  const config = vaultConfig.parse({ address, login: { method: 'token', token: rootToken } });
  const vault = await VaultClient.connect(config, { service: 'demo', log });
  const { data: mounts } = await vault.read<Record<string, unknown>>('sys/auth');
  if (!mounts['userpass/']) await vault.write('sys/auth/userpass', { type: 'userpass' });
  const directory = new UserDirectory(vault, usersMount);
  return {
    async make(name, recipient) {
      const password = randomBytes(24).toString('base64url');
      await directory.enrol(name, { recipient });
      await vault.write(`auth/userpass/users/${name}`, { password, token_ttl: '24h' });
      const { auth } = await vault.write(`auth/userpass/login/${name}`, { password }, { token: null });
      return auth!.client_token;
    },
    close: () => vault.close(),
  };
};
