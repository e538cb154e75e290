// Initialises the OpenBao of compose.yaml, once, and prepares it for Ebbtide: what is so already stays as it is.
// usage: node vault.mjs ADDRESS ADMIN LOGINS (folders: for the root token and all logins; and one that has a folder for each
// service, which gets the login of that service and no other)
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [address, adminFolder, loginFolder] = process.argv.slice(2);
if (!loginFolder) throw new Error('An address and two folders are needed: ADDRESS ADMIN LOGINS');
const ebbtide = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'infra', 'cli', 'ebbtide.mjs');
const tokenFile = join(adminFolder, 'root-token');

const ask = async (path, init, timeoutMs = 10_000) => {
  const response = await fetch(`${address}/v1/${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  return response.json();
};

/** What OpenBao says of itself, once it answers. */
const health = async () => {
  for (;;) {
    try {
      return await ask('sys/health');
    } catch {
      await sleep(500);
    }
  }
};

if (!(await health()).initialized) {
  mkdirSync(adminFolder, { recursive: true, mode: 0o700 });
  const body = JSON.stringify({ recovery_shares: 1, recovery_threshold: 1 });
  // An answer that nobody waits for is a root token that nobody has
  const { root_token: token, recovery_keys: keys, errors } = await ask('sys/init', { method: 'PUT', body }, 300_000);
  if (!token) throw new Error(`OpenBao cannot be initialised: ${errors?.join('; ')}`);
  writeFileSync(tokenFile, token, { mode: 0o600 });
  writeFileSync(join(adminFolder, 'recovery-key'), keys[0], { mode: 0o600 });
}
if (!existsSync(tokenFile))
  throw new Error(`OpenBao at ${address} was initialised by somebody else: ${tokenFile} is not there`);
while ((await health()).sealed || (await health()).standby) await sleep(500);

const allLogins = join(adminFolder, 'logins');
const args = ['vault', 'bootstrap', '--address', address, '--token-file', tokenFile, '--folder', allLogins, '--yes'];
const { status } = spawnSync(process.execPath, [ebbtide, ...args], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

for (const service of readdirSync(loginFolder))
  for (const ending of ['role-id', 'secret-id']) {
    const name = `ebbtide-${service}.${ending}`;
    const target = join(loginFolder, service, name);
    // Whoever reads it meanwhile finds it whole
    copyFileSync(join(allLogins, name), `${target}.new`);
    renameSync(`${target}.new`, target);
  }
