import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with `package.json`. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * A path below `.ebbtide/` of the package: downloads, logs and stamps of the set-up.
 *
 * `$EBBTIDE_DATA` does not move it: what the set-up finds belongs to the package, the data of servers to the user.
 */
export const setupFolder = (...parts) => join(root, '.ebbtide', ...parts);

/** A path below `node_modules/`. */
export const packageFolder = (...parts) => join(root, 'node_modules', ...parts);

/** The runtime for which a native addon is built: Node's ABI, platform, C library and processor. */
export const runtimeKey = () => {
  const libc = process.platform !== 'linux' ? '' : existsSync('/etc/alpine-release') ? '-musl' : '-glibc';
  return `node-v${process.versions.modules}-${process.platform}${libc}-${process.arch}`;
};
