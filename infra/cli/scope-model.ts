import { existsSync } from 'node:fs';
import { isBuiltIn } from '../../models/registry/builtIn.ts';
import { openModelRegistry } from '../../models/registry/open.ts';
import { defaultScopeModel, type ScopeModel } from '../../models/scope/model.ts';
import { loadScopeModel, loadTrainedScope } from '../../models/scope/stored.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Config } from '../config/config.ts';

const kind = 'scope';

/**
 * The scope model that a command is to assess with.
 *
 * @param name - `default`, a folder, or a version of the registry; absent: the champion, else the configured one
 * @throws {EbbtideError} `REQUEST_INVALID` where there is no such model
 */
export const openScopeModel = async (
  { models, scope }: Pick<Config, 'models' | 'scope'>,
  name?: string,
): Promise<ScopeModel> => {
  if (name !== undefined && (name === 'default' || existsSync(name))) return loadScopeModel(name);
  const registry = await openModelRegistry(models);
  const champion = name === undefined ? (await registry.pointers(kind)).at(-1)?.champion : undefined;
  const version = name ?? champion?.version;
  if (version === undefined) return loadScopeModel(scope.model);
  if (isBuiltIn(kind, version)) return defaultScopeModel;
  try {
    return (await loadTrainedScope((await registry.version(kind, version, champion?.digest)).source)).model;
  } catch (error) {
    if (name === undefined || !isEbbtideError(error, 'NOT_FOUND')) throw error;
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Model ${name} is neither "default", nor a folder, nor a version in the registry ${registry.name}; see ebbtide models list --kind scope`,
      { model: name },
    );
  }
};
