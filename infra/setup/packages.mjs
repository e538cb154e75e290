import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from './exec.mjs';
import { isInstalled, packageFolder, root } from './places.mjs';
import { SetupError, step } from './say.mjs';
import { readStamp, updateStamp } from './stamp.mjs';

const lockFile = join(root, 'package-lock.json');

/** The hash of the lock file, which decides whether packages must be installed again. */
const lockHash = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex');

/** Half a gigabyte that an embedded ClickHouse alone needs, and images leave out; doctor looks at it by itself. */
const mayBeMissing = 'chdb';

/** Dependencies that whoever installed this package left out. */
const missingDependencies = () =>
  Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies).filter(
    (name) => name !== mayBeMissing && !existsSync(packageFolder(...name.split('/'), 'package.json')),
  );

/**
 * Say whether `node_modules` holds what the lock file asks for, whoever installed it.
 *
 * npm keeps the list of what it installed in `node_modules/.package-lock.json`; packages for other platforms are
 * optional and may be missing there.
 */
export const packagesMatch = () => {
  if (isInstalled) return missingDependencies().length === 0;
  const installedFile = packageFolder('.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, peer }]) => {
    if (path === '') return true;
    const found = installed[path];
    return found ? found.version === version : Boolean(optional || devOptional || peer);
  });
};

/** Whether the packages are known to be in place: cheap, for every start. */
export const packagesReady = (stamp = readStamp()) =>
  isInstalled ? packagesMatch() : existsSync(packageFolder('.package-lock.json')) && stamp.packages === lockHash();

const install = async () => {
  const flags = ['--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
  const options = {
    // Install scripts download binaries or compile; what is needed of that the later steps do under control
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip', NODE_ENV: undefined },
    log: 'npm',
    purpose: 'Packages could not be installed',
  };
  const exact = await tryRun('npm', ['ci', ...flags], options);
  if (exact.ok) return;
  // A lock file that lacks packages of some other platform is refused by "ci", and used as far as it goes by "install"
  if (exact.output.includes('Missing:')) await run('npm', ['install', '--no-save', ...flags], options);
  else await run('npm', ['ci', ...flags], options);
};

/** Install the packages of the lock file unless they are there. */
export const ensurePackages = async () => {
  if (packagesReady()) return;
  if (isInstalled)
    throw new SetupError(`Packages are missing: ${missingDependencies().join(', ')}; install ebbtide again`);
  if (!packagesMatch())
    await step('Installing packages from the lock file, some 1.2 GB on disk', '1 to 3 min', install);
  updateStamp({ packages: lockHash() });
};
