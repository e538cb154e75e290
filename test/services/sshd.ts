import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, logTail, spawnGuarded } from '../../infra/setup/guarded.ts';
import { temporaryFolder } from './folder.ts';
import { sshdPath } from './require.ts';

/** A real OpenSSH server that trusts one authority. */
export interface Sshd {
  readonly port: number;
  /** Log in and run `id -un`. */
  login(files: { readonly key: string; readonly certificate: string }): Promise<{ status: number; output: string }>;
  /** What the server has logged so far. */
  log(): string;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });

/**
 * Start sshd for one test. Logins are for the account that runs the test, with a certificate of the authority and one of the
 * principals, and in no other way.
 *
 * @param authority - public key of the SSH authority, one line
 */
export const sshd = async (t: TestContext, authority: string, principals: readonly string[]): Promise<Sshd> => {
  const folder = temporaryFolder(t, 'ebbtide-sshd-');
  const account = userInfo().username;
  const port = await freePort();
  const at = (name: string) => join(folder, name);
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('hostkey')]);
  writeFileSync(at('authority.pub'), `${authority.trim()}\n`);
  writeFileSync(at('principals'), `${principals.join('\n')}\n`);
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${at('hostkey')}`,
    `PidFile ${at('sshd.pid')}`,
    `TrustedUserCAKeys ${at('authority.pub')}`,
    `AuthorizedPrincipalsFile ${at('principals')}`,
    'AuthorizedKeysFile none',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    'StrictModes no',
    'LogLevel VERBOSE',
  ];
  writeFileSync(at('sshd_config'), `${config.join('\n')}\n`);
  // Where sshd separates its privileges, which it does as root
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const logFile = at('sshd.log');
  const server = await spawnGuarded(sshdPath, ['-D', '-e', '-f', at('sshd_config')], { env: process.env, logFile });
  t.after(() => server.stop());
  while (!(await answers(port))) {
    if (!server.isRunning()) throw new Error(`sshd ended; its log ends with:\n${logTail(logFile)}`);
    await sleep(25);
  }
  return {
    port,
    log: () => logTail(logFile),
    login: async ({ key, certificate }) => {
      const options = {
        CertificateFile: certificate,
        IdentitiesOnly: 'yes',
        BatchMode: 'yes',
        StrictHostKeyChecking: 'no',
        UserKnownHostsFile: '/dev/null',
        LogLevel: 'ERROR',
        IdentityAgent: 'none',
      };
      const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
      const args = ['-F', 'none', '-p', String(port), '-i', key, ...flags, `${account}@127.0.0.1`, 'id -un'];
      return promisify(execFile)('ssh', args).then(
        ({ stdout }) => ({ status: 0, output: stdout.trim() }),
        (error: { code: number; stderr: string }) => ({ status: error.code, output: error.stderr }),
      );
    },
  };
};
