// Adds the packages of other platforms to package-lock.json: node infra/setup/complete-lock.mjs
//
// npm leaves a platform's optional package out of the lock file when its registry does not serve it, and `npm ci` then
// refuses the whole file, on every platform. To be run after dependencies changed behind such a registry; it changes
// nothing where the lock file is complete. The added entries have a version but no integrity, since nobody saw the files.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './places.mjs';
import { say } from './say.mjs';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];
const libraries = { gnu: 'glibc', musl: 'musl' };

/** What a platform package says of itself, read off its name, e.g. `@biomejs/cli-linux-x64-musl`. */
const platformOf = (name) => {
  const words = name.split(/[/-]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  if (!os || !cpu) return undefined;
  const libc = libraries[words.find((word) => word in libraries)] ?? (os === 'linux' ? 'glibc' : undefined);
  return { cpu: [cpu], ...(libc ? { libc: [libc] } : {}), os: [os] };
};

const file = join(root, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = {};
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const isLocked = Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${name}`));
    const platform = platformOf(name);
    if (isLocked || !platform || !/^\d/.test(version)) continue;
    added[`node_modules/${name}`] = { version, ...(entry.dev ? { dev: true } : {}), optional: true, ...platform };
  }
}
if (Object.keys(added).length > 0) {
  const sorted = Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}
say(`${Object.keys(added).length} packages of other platforms added to package-lock.json`);
