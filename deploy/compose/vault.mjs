// Initialises the OpenBao of compose.yaml, once, and prepares it for Ebbtide: what is so already stays as it is.
// usage: node vault.mjs ADDRESS ADMIN LOGINS (folders for the root token and for the services' logins)
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [address, adminFolder, loginFolder] = process.argv.slice(2);
if (!loginFolder) throw new Error('An address and two folders are needed: ADDRESS ADMIN LOGINS');
const ebbtide = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'infra', 'cli', 'ebbtide.mjs');
const tokenFile = join(adminFolder, 'root-token');

const ask = async (path, init) => {
  const response = await fetch(`${address}/v1/${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
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
  const { root_token: token, recovery_keys: keys, errors } = await ask('sys/init', { method: 'PUT', body });
  if (!token) throw new Error(`OpenBao cannot be initialised: ${errors?.join('; ')}`);
  writeFileSync(tokenFile, token, { mode: 0o600 });
  writeFileSync(join(adminFolder, 'recovery-key'), keys[0], { mode: 0o600 });
}
if (!existsSync(tokenFile))
  throw new Error(`OpenBao at ${address} was initialised by somebody else: ${tokenFile} is not there`);
while ((await health()).sealed || (await health()).standby) await sleep(500);

const args = ['vault', 'bootstrap', '--address', address, '--token-file', tokenFile, '--folder', loginFolder, '--yes'];
const { status } = spawnSync(process.execPath, [ebbtide, ...args], { stdio: 'inherit' });
process.exit(status ?? 1);
