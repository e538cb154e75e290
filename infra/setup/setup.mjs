import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { addonReady, ensureAddon } from './addon.mjs';
import { buildReady, ensureBuild } from './build.mjs';
import { withLock } from './lock.mjs';
import { ensureOpenBao, openBaoReady } from './openbao.mjs';
import { ensurePackages, packagesReady } from './packages.mjs';
import { setupFolder } from './places.mjs';
import { ensureRuntime, runtimeNames } from './runtimes.mjs';
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
 *
 * @param {{ without?: string[] }} options - `openbao` leaves that server out, where there is a Vault of one's own
 */
export const setUp = async ({ without = [] } = {}) => {
  checkNode();
  if (process.env.EBBTIDE_SKIP_SETUP === '1' || isSetUp()) return;
  const start = performance.now();
  await withLock(setupFolder('setup.lock'), async () => {
    await ensurePackages();
    await ensureAddon();
    if (!without.includes('openbao')) await ensureOpenBao();
    await ensureBuild();
  });
  say(`Set-up complete after ${duration(performance.now() - start)}`);
};

const usage = `Usage: npm run setup [-- --runtime ${runtimeNames.join('|')}] [--without openbao]`;

/** `--runtime tensorflow`, any number of times, and `--without openbao`. */
const optionsOf = (args) => {
  try {
    const several = { type: 'string', multiple: true };
    const { runtime = [], without = [] } = parseArgs({ args, options: { runtime: several, without: several } }).values;
    const unknown = without.find((name) => name !== 'openbao');
    if (unknown) throw new Error(`${unknown} cannot be left out`);
    return { wanted: runtime, without };
  } catch (error) {
    throw new SetupError(`${error.message}\n${usage}`);
  }
};

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  await runMain(async () => {
    const { wanted, without } = optionsOf(process.argv.slice(2));
    if (isSetUp() && wanted.length === 0) say('Everything is in place');
    await setUp({ without });
    for (const name of wanted) await withLock(setupFolder('setup.lock'), () => ensureRuntime(name));
  });
}
