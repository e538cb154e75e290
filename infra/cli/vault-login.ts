import { EbbtideError } from '../../schemas/errors.ts';
import type { Config } from '../config/config.ts';
import { embedded } from '../config/connections.ts';
import { dataFolder } from '../paths.ts';
import { type VaultConfig, vaultConfig } from '../vault/config.ts';
import { addressOf } from './connect.ts';

/** Services that log in at Vault: where the configuration says how, and the role that bootstrapping makes for each. */
export const vaultServices = {
  actuator: { key: 'actuatorLogin', role: 'ebbtide-actuator' },
  console: { key: 'consoleLogin', role: 'ebbtide-console' },
  tokenService: { key: 'tokenServiceLogin', role: 'ebbtide-token-service' },
  keyhost: { key: 'keyhostLogin', role: 'ebbtide-keyhost' },
  keylife: { key: 'keylifeLogin', role: 'ebbtide-keylife' },
  privacy: { key: 'privacyLogin', role: 'ebbtide-privacy' },
  provision: { key: 'provisionLogin', role: 'ebbtide-provision' },
  delivery: { key: 'deliveryLogin', role: 'ebbtide-delivery' },
} as const;

/**
 * How a service reaches Vault and logs in: as configured, or at the embedded OpenBao of an `ebbtide up` that runs, with
 * what it left in the data folder.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` when a Vault is named but no login, `SERVICE_MISSING` when none runs
 */
export const vaultOf = (config: Config, service: keyof typeof vaultServices): VaultConfig => {
  const { key, role } = vaultServices[service];
  const { address: configured, namespace, timeoutMs, caFile, certFile, keyFile } = config.vault;
  const rest = { namespace, timeoutMs, caFile, certFile, keyFile };
  const address = addressOf(configured, 'vault', 'vault.address');
  const login = config.vault[key];
  if (login) return { ...rest, address, login };
  if (configured !== embedded)
    throw new EbbtideError('CONFIG_INVALID', `Key vault.${key} is missing: it says how to log in at ${address}`, {
      key: `vault.${key}`,
    });
  const file = (ending: string): string => dataFolder('vault', `${role}.${ending}`);
  return vaultConfig.parse({
    ...rest,
    address,
    login: { method: 'approle', roleIdFile: file('role-id'), secretIdFile: file('secret-id') },
  });
};
