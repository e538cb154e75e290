import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../paths.ts';

/**
 * Import a plain JavaScript module of the set-up, which is not compiled because it runs before anything is.
 *
 * @param name - file name in `infra/setup/`, e.g. `openbao.mjs`
 * @typeParam T - what the module exports
 */
export const loadSetup = async <T>(name: string): Promise<T> =>
  (await import(pathToFileURL(join(packageRoot(), 'infra', 'setup', name)).href)) as T;
