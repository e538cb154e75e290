import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { EbbtideError } from '../../../schemas/errors.ts';
import { embedded } from '../../config/connections.ts';
import { createLogger } from '../../log.ts';
import { prepareVault } from '../../vault/bootstrap.ts';
import type { ServiceLogins } from '../../vault/bootstrap-login.ts';
import { accessPrincipals } from '../../vault/bootstrap-provision.ts';
import { type VaultChange, VaultChanges } from '../../vault/changes.ts';
import { VaultClient } from '../../vault/client.ts';
import { type VaultLogin, vaultConfig } from '../../vault/config.ts';
import { confirm } from '../confirm.ts';
import type { Action, Invocation } from '../invocation.ts';
import { vaultServices } from '../vault-login.ts';

interface Options {
  readonly address?: string;
  readonly tokenFile?: string;
  readonly login: 'approle' | 'kubernetes';
  readonly folder?: string;
  readonly namespace: string;
  readonly kubernetesHost?: string;
  readonly kubernetesCaFile?: string;
  readonly kubernetesAudience?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const signs = { create: '+', change: '~', same: '=' } as const;

/** Prepare the user's own Vault. */
export const run: Action<Options> = async (invocation, options) => {
  const { terminal } = invocation;
  process.env.EBBTIDE_LOG ??= 'warn';
  const vault = await connect(invocation, options);
  try {
    const { config, file } = await invocation.load();
    const wished = {
      logins: loginsOf(options, file),
      keepEdited: true,
      principals: accessPrincipals(config.provision.targets),
    };
    const plan = new VaultChanges(vault, { dryRun: true });
    const wanted = await prepareVault(plan, { ...wished, dryRun: true });
    const differences = plan.changes.filter(({ kind }) => kind !== 'same');
    if (!terminal.json) show(plan.changes, vault.config.address, terminal.print);
    if (!options.dryRun && differences.length > 0) {
      if (!options.yes) await confirm(`Do this at ${vault.config.address}?`);
      await prepareVault(new VaultChanges(vault), wished);
    }
    const section = sectionOf(vault.config.address, wanted);
    if (terminal.json)
      terminal.printJson({ address: vault.config.address, done: !options.dryRun, changes: plan.changes, ...section });
    else {
      terminal.print(outcome(options.dryRun ?? false, differences.length));
      terminal.print(`\nServices log in by this part of the configuration:\n\n${stringify(section).trimEnd()}`);
    }
  } finally {
    await vault.close();
  }
};

const connect = async ({ load }: Invocation, { address, tokenFile }: Options): Promise<VaultClient> => {
  const { config } = await load();
  const { address: configured, namespace, timeoutMs, caFile, certFile, keyFile } = config.vault;
  const url = address ?? configured;
  if (url === embedded)
    throw new EbbtideError(
      'CONFIG_INVALID',
      'No Vault is named: give --address, VAULT_ADDR or vault.address. The embedded one needs no preparation',
      { key: 'vault.address' },
    );
  const token = process.env.VAULT_TOKEN || process.env.BAO_TOKEN;
  if (tokenFile === undefined && !token)
    throw new EbbtideError(
      'CONFIG_INVALID',
      'No token is given that may prepare Vault: set VAULT_TOKEN, or --token-file',
    );
  const login = { method: 'token', ...(tokenFile === undefined ? { token } : { tokenFile: resolve(tokenFile) }) };
  const parsed = vaultConfig.safeParse({
    address: url,
    namespace,
    timeoutMs,
    login,
    caFile,
    certFile,
    keyFile,
  });
  if (!parsed.success) throw new EbbtideError('CONFIG_INVALID', `${url} is not the URL of a Vault`, { address: url });
  return VaultClient.connect(parsed.data, { service: 'bootstrap', log: createLogger('vault') });
};

const loginsOf = (
  { login, folder, namespace, kubernetesHost, kubernetesCaFile, kubernetesAudience }: Options,
  configFile: string | undefined,
): ServiceLogins =>
  login === 'approle'
    ? { method: login, folder: folder === undefined ? resolve(dirname(configFile ?? '.'), 'vault') : resolve(folder) }
    : {
        method: login,
        namespace,
        ...(kubernetesHost === undefined ? {} : { host: kubernetesHost }),
        ...(kubernetesCaFile === undefined ? {} : { caFile: resolve(kubernetesCaFile) }),
        ...(kubernetesAudience === undefined ? {} : { audience: kubernetesAudience }),
      };

const show = (changes: readonly VaultChange[], address: string, print: (line?: string) => void): void => {
  print(`Plan for ${address}: + is made, ~ is changed, = is so already\n`);
  for (const { kind, path, keys } of changes)
    print(`  ${signs[kind]} ${path}${kind === 'change' ? ` (${keys.join(', ')})` : ''}`);
  print();
};

const outcome = (dryRun: boolean, differences: number): string => {
  if (differences === 0) return 'Everything is so already; nothing was done';
  return dryRun ? `${differences} things would be done; nothing was` : `Done: ${differences} things`;
};

/** Logins of services; that of endpoints of the key host is for those. */
const sectionOf = (address: string, logins: Readonly<Record<string, VaultLogin>>) => ({
  vault: {
    address,
    ...Object.fromEntries(Object.entries(vaultServices).map(([service, { key }]) => [key, logins[service]])),
  },
});
