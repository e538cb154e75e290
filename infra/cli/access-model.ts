import { isBuiltIn } from '../../models/registry/builtIn.ts';
import { openModelRegistry } from '../../models/registry/open.ts';
import type { Config } from '../config/config.ts';
import { type AccessInForce, loadForZone, statistics } from '../jobs/accessModels.ts';

const kind = 'access';

/**
 * The access model in force: the champion of the registry, else the configured one.
 *
 * @throws {EbbtideError} what loading it throws
 */
export const openAccessModel = async ({
  models,
  preprovision,
  policy,
}: Pick<Config, 'models' | 'preprovision' | 'policy'>): Promise<AccessInForce> => {
  const registry = await openModelRegistry(models);
  const champion = (await registry.pointers(kind)).at(-1)?.champion;
  const { timeZone } = policy.preprovision;
  if (champion && !isBuiltIn(kind, champion.version))
    return loadForZone((await registry.version(kind, champion.version, champion.digest)).source);
  return champion || preprovision.model === 'statistics' ? statistics(timeZone) : loadForZone(preprovision.model);
};
