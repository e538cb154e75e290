import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import { packageRoot } from '../paths.ts';
import { prepareLogin, prepareLogins, type ServiceLogins } from './bootstrap-login.ts';
import { accessPrincipals, prepareProvisioning, whenUpgraded } from './bootstrap-provision.ts';
import { VaultChanges } from './changes.ts';
import { VaultClient } from './client.ts';
import { type VaultConfig, type VaultLogin, vaultConfig } from './config.ts';
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
  /** Whom SSH certificates of users may be for: {@link accessPrincipals}. @default any user at any machine */
  readonly principals?: readonly string[];
  readonly log: Logger;
}

/** What services need to log in with what was prepared. */
export interface Bootstrapped {
  readonly actuator: VaultConfig;
  readonly console: VaultConfig;
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
  'ebbtide-console': 'console.hcl',
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
} as const;

/** The text of a policy that ships in `infra/vault/policies`. */
export const shippedPolicy = (file: (typeof policies)[keyof typeof policies]): Promise<string> =>
  readFile(join(packageRoot(), 'infra/vault/policies', file), 'utf8');

/** A policy whose SSH certificates are for these principals. */
const narrowed = (policy: string, principals: readonly string[]): string =>
  policy.replace('"valid_principals" = ["*@*"]', `"valid_principals" = ${JSON.stringify(principals)}`);

/** Services that log in, by the policy that each has. */
const services = {
  actuator: 'ebbtide-actuator',
  console: 'ebbtide-console',
  tokenService: 'ebbtide-token-service',
  keyhost: 'ebbtide-keyhost',
  keylife: 'ebbtide-keylife',
  privacy: 'ebbtide-privacy',
  endpoint: 'ebbtide-endpoint',
  provision: 'ebbtide-provision',
  delivery: 'ebbtide-delivery',
} as const;

/** What {@link prepareVault} is told. */
export interface PreparationOptions {
  readonly logins: ServiceLogins;
  /** Longest life of a function's token, whatever is renewed, milliseconds. @default a day */
  readonly explicitMaxTtlMs?: number;
  /** Write a secret that the demonstration's functions read. @default false */
  readonly demo?: boolean;
  /** Leave policies of functions and leases as they are where they are: whoever runs functions edits them. @default false */
  readonly keepEdited?: boolean;
  /** Whom SSH certificates of users may be for: {@link accessPrincipals}. @default any user at any machine */
  readonly principals?: readonly string[];
  /** Write no files. @default false */
  readonly dryRun?: boolean;
}

/** Policies that say what functions and users may do; Ebbtide's own services have the others. */
const edited: ReadonlySet<string> = new Set([functionPolicy, denyPolicy, 'ebbtide-lease', 'ebbtide-access-lease']);

/**
 * Prepare a Vault for Ebbtide: policies, token roles, a kv mount, what the key host and provisioning need, and a role by
 * which each service logs in. Doing it again changes nothing; what is there is brought to what ships.
 *
 * @param vault - writes what differs, and notes it
 * @returns how each service logs in
 */
export const prepareVault = async (
  vault: VaultChanges,
  options: PreparationOptions,
): Promise<Record<keyof typeof services, VaultLogin>> => {
  const enable = async (path: string, body: object): Promise<void> => void (await vault.write(path, body));
  const principals = options.principals ?? accessPrincipals({});
  for (const [name, file] of Object.entries(policies)) {
    const path = `sys/policies/acl/${name}`;
    if (options.keepEdited && edited.has(name) && (await vault.has(path))) vault.keep(path);
    else await vault.write(path, { policy: narrowed(await shippedPolicy(file), principals) });
  }
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
  await enable('sys/mounts/kv', { type: 'kv', options: { version: '2' } });
  if (options.demo)
    await whenUpgraded(() =>
      vault.write(demoSecretPath, { data: { message: 'Only a living credential reads this' } }, { retry: false }),
    );
  await prepareKeyhost(vault, enable);
  await prepareProvisioning(vault, enable, principals);
  await prepareLogins(vault, options.logins, enable);
  const logins: Partial<Record<keyof typeof services, VaultLogin>> = {};
  for (const [service, name] of Object.entries(services))
    logins[service as keyof typeof services] = await prepareLogin(vault, options.logins, name, options.dryRun ?? false);
  return logins as Record<keyof typeof services, VaultLogin>;
};

/**
 * Prepare the Vault of a process that runs everything, with the demonstration's secret and an AppRole for each service.
 *
 * @returns the services' connections; their secrets lie in files
 * @example
 * const { actuator } = await bootstrapVault({ address, rootToken, folder: dataFolder('vault'), log });
 */
export const bootstrapVault = async (options: BootstrapOptions): Promise<Bootstrapped> => {
  const { address, rootToken, folder, log, explicitMaxTtlMs, principals } = options;
  const config = vaultConfig.parse({ address, login: { method: 'token', token: rootToken } });
  const vault = await VaultClient.connect(config, { service: 'bootstrap', log });
  try {
    const logins = await prepareVault(new VaultChanges(vault), {
      logins: { method: 'approle', folder },
      demo: true,
      ...(explicitMaxTtlMs === undefined ? {} : { explicitMaxTtlMs }),
      ...(principals === undefined ? {} : { principals }),
    });
    return Object.fromEntries(
      Object.entries(logins).map(([service, login]) => [service, vaultConfig.parse({ address, login })]),
    ) as Record<keyof typeof services, VaultConfig>;
  } finally {
    await vault.close();
  }
};
