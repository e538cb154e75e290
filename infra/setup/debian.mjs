import { existsSync } from 'node:fs';
import { onPath, run, tryRun } from './exec.mjs';
import { SetupError, step } from './say.mjs';

/**
 * Install Debian packages when we may, else tell the user the command.
 *
 * @param {string[]} packages
 * @param {string} purpose - what they are for, to begin the message
 * @throws {SetupError} on another system or without root's rights
 */
export const installDebianPackages = async (packages, purpose) => {
  const isDebian = existsSync('/etc/debian_version') && onPath('apt-get');
  const isRoot = process.getuid?.() === 0;
  if (!isDebian) {
    throw new SetupError(
      `${purpose} needs the packages that Debian calls ${packages.join(' ')}; install their like and start again`,
    );
  }
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (!isRoot)
    throw new SetupError(`${purpose} needs some packages; run this and start again:\n  sudo ${command.join(' ')}`);
  await step(`Installing Debian packages: ${packages.join(' ')}`, '30 s', async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const first = await tryRun(command[0], command.slice(1), { env, log: 'apt' });
    if (first.ok) return;
    await run('apt-get', ['update'], { env, log: 'apt-update', purpose: 'Package lists could not be refreshed' });
    await run(command[0], command.slice(1), { env, log: 'apt', purpose });
  });
};
