import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Logger } from '../log.ts';
import { packageRoot } from '../paths.ts';
import { prepareProvisioning } from './bootstrap-provision.ts';
import { VaultClient } from './client.ts';
import { type VaultConfig, vaultConfig } from './config.ts';
import { prepareKeyhost } from './prepareKeyhost.ts';

/** How a Vault is prepared for Ebbtide. */
export interface BootstrapOptions {
  /** URL of Vault. */
  readonly address: string;
  /** A token that may do all of this; used now and kept nowhere. */
  readonly rootToken: string;
  /** Folder for the services' role ids and secret ids, each in a file of mode 0600. */
  readonly folder: string;
  /** Longest life of a function's token, whatever is renewed, milliseconds. @default a day */
  readonly explicitMaxTtlMs?: number;
  readonly log: Logger;
}

/** What services need to log in with what was prepared. */
export interface Bootstrapped {
  readonly actuator: VaultConfig;
  readonly tokenService: VaultConfig;
  readonly keyhost: VaultConfig;
  readonly keylife: VaultConfig;
  readonly privacy: VaultConfig;
  /** For an endpoint of the key host, which has its certificate issued by it. */
  readonly endpoint: VaultConfig;
  readonly provision: VaultConfig;
  readonly delivery: VaultConfig;
}

/** Token role under which functions' tokens are issued. */
export const functionRole = 'ebbtide-functions';
/** Token role of the tokens that hold leases. */
export const leaseRole = 'ebbtide-leases';
/** Policy of functions' tokens. */
export const functionPolicy = 'ebbtide-function';
/** Policy that refuses what {@link functionPolicy} allows. */
export const denyPolicy = 'ebbtide-function-deny';
/** A secret that functions' tokens may read, for demonstrations. */
export const demoSecretPath = 'kv/data/functions/demo';

const policies = {
  'ebbtide-actuator': 'actuator.hcl',
  'ebbtide-token-service': 'token-service.hcl',
  'ebbtide-keyhost': 'keyhost.hcl',
  'ebbtide-keylife': 'keylife.hcl',
  'ebbtide-privacy': 'privacy.hcl',
  'ebbtide-endpoint': 'endpoint.hcl',
  [functionPolicy]: 'function.hcl',
  [denyPolicy]: 'function-deny.hcl',
  'ebbtide-lease': 'lease.hcl',
  'ebbtide-provision': 'provision.hcl',
  'ebbtide-delivery': 'delivery.hcl',
  'ebbtide-access-lease': 'access-lease.hcl',
  'ebbtide-sealed': 'sealed.hcl',
} as const;

/** The text of a policy that ships in `infra/vault/policies`. */
export const shippedPolicy = (file: (typeof policies)[keyof typeof policies]): Promise<string> =>
  readFile(join(packageRoot(), 'infra/vault/policies', file), 'utf8');

/**
 * Prepare a Vault for Ebbtide: policies, token roles, a kv mount with a demonstration secret, what provisioning needs,
 * and an AppRole for each service. Doing it again changes nothing; what is there is brought to what ships.
 *
 * @returns the services' connections; their secrets lie in files
 * @example
 * const { actuator } = await bootstrapVault({ address, rootToken, folder: dataFolder('vault'), log });
 */
export const bootstrapVault = async (options: BootstrapOptions): Promise<Bootstrapped> => {
  const { address, rootToken, folder, log } = options;
  const config = vaultConfig.parse({ address, login: { method: 'token', token: rootToken } });
  const vault = await VaultClient.connect(config, { service: 'bootstrap', log });
  try {
    for (const [name, file] of Object.entries(policies))
      await vault.write(`sys/policies/acl/${name}`, { policy: await shippedPolicy(file) });
    const explicitMaxTtlS = Math.ceil((options.explicitMaxTtlMs ?? 86_400_000) / 1000);
    const role = { orphan: true, token_no_default_policy: true, token_explicit_max_ttl: `${explicitMaxTtlS}s` };
    await vault.write(`auth/token/roles/${functionRole}`, {
      ...role,
      renewable: true,
      allowed_policies: [functionPolicy],
      allowed_entity_aliases: ['*'],
    });
    await vault.write(`auth/token/roles/${leaseRole}`, {
      ...role,
      renewable: false,
      allowed_policies: ['ebbtide-lease'],
      allowed_entity_aliases: ['*'],
    });
    await enable(vault, 'sys/mounts/kv', { type: 'kv', options: { version: '2' } });
    await writeDemoSecret(vault);
    await prepareKeyhost(vault, (path, body) => enable(vault, path, body));
    await prepareProvisioning(vault, enable);
    await enable(vault, 'sys/auth/approle', { type: 'approle' });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return {
      actuator: await prepareService(vault, address, folder, 'ebbtide-actuator'),
      tokenService: await prepareService(vault, address, folder, 'ebbtide-token-service'),
      keyhost: await prepareService(vault, address, folder, 'ebbtide-keyhost'),
      keylife: await prepareService(vault, address, folder, 'ebbtide-keylife'),
      privacy: await prepareService(vault, address, folder, 'ebbtide-privacy'),
      endpoint: await prepareService(vault, address, folder, 'ebbtide-endpoint'),
      provision: await prepareService(vault, address, folder, 'ebbtide-provision'),
      delivery: await prepareService(vault, address, folder, 'ebbtide-delivery'),
    };
  } finally {
    await vault.close();
  }
};

const enable = async (vault: VaultClient, path: string, body: object): Promise<void> => {
  try {
    await vault.write(path, body);
  } catch (error) {
    if (!isEbbtideError(error, 'VAULT_REJECTED') || !/already in use/.test(error.message)) throw error;
  }
};

/** A version 2 kv mount upgrades itself in the background and refuses writes until it has. */
const writeDemoSecret = (vault: VaultClient): Promise<unknown> =>
  vault
    .write(demoSecretPath, { data: { message: 'Only a living credential reads this' } }, { retry: false })
    .catch(async (error) => {
      if (!isEbbtideError(error, 'VAULT_REJECTED')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return writeDemoSecret(vault);
    });

const prepareService = async (
  vault: VaultClient,
  address: string,
  folder: string,
  name: string,
): Promise<VaultConfig> => {
  const role = `auth/approle/role/${name}`;
  await vault.write(role, {
    token_policies: [name],
    token_no_default_policy: true,
    token_period: '1h',
    secret_id_ttl: 0,
  });
  const files = { roleIdFile: join(folder, `${name}.role-id`), secretIdFile: join(folder, `${name}.secret-id`) };
  const { data } = await vault.read<{ role_id: string }>(`${role}/role-id`);
  await writeSecretFile(files.roleIdFile, data.role_id);
  if (!(await secretIdWorks(vault, role, files.secretIdFile))) {
    const made = await vault.write<{ secret_id: string }>(`${role}/secret-id`, {});
    await writeSecretFile(files.secretIdFile, made.data.secret_id);
  }
  return vaultConfig.parse({ address, login: { method: 'approle', ...files } });
};

const secretIdWorks = async (vault: VaultClient, role: string, file: string): Promise<boolean> => {
  const secretId = await readFile(file, 'utf8').catch(() => '');
  if (secretId === '') return false;
  try {
    const { data } = await vault.write<object | null>(`${role}/secret-id/lookup`, { secret_id: secretId });
    return Boolean(data);
  } catch (error) {
    if (isEbbtideError(error)) return false;
    throw error;
  }
};

const writeSecretFile = async (path: string, content: string): Promise<void> => {
  await writeFile(path, content, { mode: 0o600 });
  await chmod(path, 0o600);
};
