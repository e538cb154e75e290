import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/**
 * The folder that holds Ebbtide's `package.json`, whether this file runs from source or from `dist/`.
 *
 * @example
 * readFileSync(join(packageRoot(), 'infra/clickhouse/migrations/001-topics.sql'));
 */
export const packageRoot = (): string => {
  if (root) return root;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  root = folder;
  return folder;
};

/** Whether this is the package as npm installs it, built and without sources; else a checkout. */
export const isInstalled = (): boolean => !existsSync(join(packageRoot(), 'tsconfig.json'));

/**
 * Where embedded servers keep their data: `$EBBTIDE_DATA`, else `.ebbtide` in the checkout, or in the current folder where
 * npm installed the package, whose own folder does not outlive an upgrade.
 */
export const dataFolder = (...parts: string[]): string =>
  join(
    process.env.EBBTIDE_DATA
      ? resolve(process.env.EBBTIDE_DATA)
      : join(isInstalled() ? process.cwd() : packageRoot(), '.ebbtide'),
    ...parts,
  );

/**
 * The folder of an installed npm package: where Node would find it for us, or undefined.
 *
 * Unlike `require.resolve` it also finds packages whose `exports` hide their `package.json`.
 */
export const installedFolder = (name: string, from = packageRoot()): string | undefined => {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (!isInstalled() || dirname(folder) === folder) return undefined;
  }
};

/**
 * How the set-up is run, for messages that say what to do.
 *
 * @param args - e.g. `--runtime webgpu`
 */
export const setupCommand = (args = ''): string =>
  isInstalled()
    ? `node ${join(packageRoot(), 'infra', 'setup', 'setup.mjs')} ${args}`.trimEnd()
    : `npm run setup${args === '' ? '' : ` -- ${args}`}`;
