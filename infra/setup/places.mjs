import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with `package.json`. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Whether this is the package as npm installs it, built and without sources; else a checkout that builds itself. */
export const isInstalled = !existsSync(join(root, 'tsconfig.json'));

/** How the set-up is run, for messages that say what to do. */
export const setupCommand = isInstalled ? `node ${join(root, 'infra', 'setup', 'setup.mjs')}` : 'npm run setup';

const isWritable = (folder) => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** An installation that belongs to somebody else keeps what it fetches in the cache of whoever runs it. */
const setupRoot = () => {
  if (!isInstalled || existsSync(join(root, '.ebbtide')) || isWritable(root)) return join(root, '.ebbtide');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ebbtide', version);
};

/**
 * A path below `.ebbtide/` of the package: downloads, logs and stamps of the set-up.
 *
 * `$EBBTIDE_DATA` does not move it: what the set-up finds belongs to the package, the data of servers to the user.
 */
export const setupFolder = (...parts) => join(setupRoot(), ...parts);

/** Folders in which Node looks for the packages that this one needs, the nearest first. */
const packageHomes = () => {
  const homes = [];
  for (let folder = root; ; folder = dirname(folder)) {
    homes.push(join(folder, 'node_modules'));
    if (!isInstalled || dirname(folder) === folder) return homes;
  }
};

/** A path below the `node_modules/` that holds the package which it begins with: our own, or one that npm shares. */
export const packageFolder = (...parts) => {
  const name = parts[0]?.startsWith('@') ? parts.slice(0, 2) : parts.slice(0, 1);
  const homes = packageHomes();
  return join(homes.find((home) => existsSync(join(home, ...name))) ?? homes[0], ...parts);
};

/** The runtime for which a native addon is built: Node's ABI, platform, C library and processor. */
export const runtimeKey = () => {
  const libc = process.platform !== 'linux' ? '' : existsSync('/etc/alpine-release') ? '-musl' : '-glibc';
  return `node-v${process.versions.modules}-${process.platform}${libc}-${process.arch}`;
};
