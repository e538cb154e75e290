import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { PreparingVault } from './changes.ts';
import type { VaultLogin } from './config.ts';
import { readSecret } from './session.ts';

/** How services are to log in at a Vault that is prepared for them. */
export type ServiceLogins =
  | {
      readonly method: 'approle';
      /** Folder for role ids and secret ids, each in a file of mode 0600. */
      readonly folder: string;
    }
  | {
      readonly method: 'kubernetes';
      /** Namespace of the service accounts, which are named like the policies. */
      readonly namespace: string;
      /** Address of the API server as Vault reaches it. @default that of the cluster which Vault runs in */
      readonly host?: string;
      /** PEM file of the authority that signed the API server's certificate. @default that of Vault's own pod */
      readonly caFile?: string;
      /** Audience that tokens must be for. @default the one that roles have already, else any */
      readonly audience?: string;
    };

/** Where Kubernetes puts the token of a pod's service account. */
const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

const tokens = { token_no_default_policy: true, token_period: '1h' };

/** Enable the method by which services are to log in. How Kubernetes is reached stays as it is where Vault knows that. */
export const prepareLogins = async (
  vault: PreparingVault & { has(path: string): Promise<boolean>; keep(path: string): void },
  logins: ServiceLogins,
  enable: (path: string, body: object) => Promise<void>,
): Promise<void> => {
  await enable(`sys/auth/${logins.method}`, { type: logins.method });
  if (logins.method !== 'kubernetes') return;
  const path = 'auth/kubernetes/config';
  if (await vault.has(path)) return vault.keep(path);
  await vault.write(path, {
    kubernetes_host: logins.host ?? 'https://kubernetes.default.svc',
    ...(logins.caFile === undefined ? {} : { kubernetes_ca_cert: await readSecret(logins.caFile) }),
  });
};

/**
 * Make a role by which one service logs in, with the policy of its name and no other.
 *
 * @param dryRun - write no files
 * @returns how the service logs in
 */
export const prepareLogin = async (
  vault: PreparingVault,
  logins: ServiceLogins,
  name: string,
  dryRun: boolean,
): Promise<VaultLogin> => {
  if (logins.method === 'kubernetes') {
    await vault.write(`auth/kubernetes/role/${name}`, {
      bound_service_account_names: [name],
      bound_service_account_namespaces: [logins.namespace],
      ...(logins.audience === undefined ? {} : { audience: logins.audience }),
      token_policies: [name],
      ...tokens,
    });
    return { method: 'kubernetes', role: name, jwtFile: serviceAccountToken };
  }
  const { folder } = logins;
  const role = `auth/approle/role/${name}`;
  await vault.write(role, { token_policies: [name], ...tokens, secret_id_ttl: 0 });
  const files = { roleIdFile: join(folder, `${name}.role-id`), secretIdFile: join(folder, `${name}.secret-id`) };
  const works = await secretIdWorks(vault, role, files.secretIdFile);
  if (dryRun) {
    if (!works) await vault.write(`${role}/secret-id`, {});
  } else {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { data } = await vault.read<{ role_id: string }>(`${role}/role-id`);
    await writeSecretFile(files.roleIdFile, data.role_id);
    if (!works) {
      const made = await vault.write<{ secret_id: string }>(`${role}/secret-id`, {});
      await writeSecretFile(files.secretIdFile, made.data.secret_id);
    }
  }
  return { method: 'approle', mount: 'approle', ...files };
};

const secretIdWorks = async (vault: PreparingVault, role: string, file: string): Promise<boolean> => {
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
  // One that is there would keep its mode while it is written, and be written through where it is a link
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, content, { mode: 0o600, flag: 'wx' });
  await rename(fresh, path);
};
