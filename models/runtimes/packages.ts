import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installedFolder, packageRoot } from '../../infra/paths.ts';

/** A package that is there: how to load what is in it, and its version. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  /** Folder of the package. */
  readonly folder: string;
  readonly require: NodeJS.Require;
}

/** Where `npm run setup -- --runtime <name>` puts an optional runtime. */
export const runtimeFolder = (runtime: string): string => join(packageRoot(), '.ebbtide/runtimes', runtime);

/**
 * Find an optional package: among the project's own, where the user may have installed it, else where the set-up puts it.
 *
 * @returns undefined when it is in neither place
 */
export const findPackage = (name: string, runtime: string): FoundPackage | undefined => {
  for (const base of [packageRoot(), runtimeFolder(runtime)]) {
    const folder = installedFolder(name, base);
    if (!folder) continue;
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { name, version, folder, require: createRequire(join(base, 'package.json')) };
  }
  return undefined;
};
