import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { addonReady, ensureAddon } from './addon.mjs';
import { buildReady, ensureBuild } from './build.mjs';
import { withLock } from './lock.mjs';
import { ensureOpenBao, openBaoReady } from './openbao.mjs';
import { ensurePackages, packagesReady } from './packages.mjs';
import { setupFolder } from './places.mjs';
import { duration, runMain, SetupError, say } from './say.mjs';
import { readStamp } from './stamp.mjs';

const oldestNode = [20, 18];

const checkNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupError(`Ebbtide needs Node ${oldestNode.join('.')} or later, this is ${process.version}`);
};

/** What has to be in place, and whether it is, told by stamps alone in some ten milliseconds. */
export const setUpParts = () => {
  const stamp = readStamp();
  return [
    { name: 'npm packages of package-lock.json', ready: packagesReady(stamp), takesLong: true },
    { name: `Kafka client's binary for Node ${process.versions.node}`, ready: addonReady(stamp), takesLong: true },
    { name: 'OpenBao server', ready: openBaoReady(stamp), takesLong: true },
    { name: 'compiled programs in dist/', ready: buildReady(stamp), takesLong: false },
  ];
};

/** Whether everything is in place. */
export const isSetUp = () => setUpParts().every(({ ready }) => ready);

/**
 * Install what is missing and compile what changed; does nothing when all is in place.
 *
 * `EBBTIDE_SKIP_SETUP=1` skips it, for images in which everything was put in place before.
 */
export const setUp = async () => {
  checkNode();
  if (process.env.EBBTIDE_SKIP_SETUP === '1' || isSetUp()) return;
  const start = performance.now();
  await withLock(setupFolder('setup.lock'), async () => {
    await ensurePackages();
    await ensureAddon();
    await ensureOpenBao();
    await ensureBuild();
  });
  say(`Set-up complete after ${duration(performance.now() - start)}`);
};

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  await runMain(async () => {
    if (isSetUp()) say('Everything is in place');
    await setUp();
  });
}
