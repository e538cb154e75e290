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

/** Where embedded servers keep their data and set-up its downloads: `$EBBTIDE_DATA`, else `.ebbtide` in the package. */
export const dataFolder = (...parts: string[]): string =>
  join(process.env.EBBTIDE_DATA ? resolve(process.env.EBBTIDE_DATA) : join(packageRoot(), '.ebbtide'), ...parts);
