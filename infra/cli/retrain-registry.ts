import type { ModelSource } from '../../models/anomaly/manifest.ts';
import { configuredAnomalyModel } from '../../models/anomaly/model.ts';
import { openModelRegistry } from '../../models/registry/open.ts';
import type { RetrainRegistry } from '../../pipelines/retrain.ts';
import type { Config } from '../config/config.ts';
import type { AppContext } from '../context.ts';
import { pointTo } from './point-models.ts';

const kind = 'anomaly';
const by = 'retrain';

/** The registry as retraining uses it: its champion, or the configured model until one is promoted. */
export const retrainRegistry = async (
  config: Pick<Config, 'models' | 'lifecycle'>,
  context: AppContext,
): Promise<RetrainRegistry> => {
  const registry = await openModelRegistry(config.models);
  const configured = () => configuredAnomalyModel(config.lifecycle.model);
  return {
    async champion(): Promise<string | ModelSource> {
      const last = (await registry.pointers(kind)).at(-1);
      if (!last) return configured();
      return (await registry.version(kind, last.champion.version, last.champion.digest)).source;
    },
    async publish(folder) {
      return (await registry.publish(kind, folder, by)).version;
    },
    async promote(version, why) {
      await pointTo({ context, registry, kind, folder: configured(), by, reason: why }, async (current, _, choose) => ({
        action: 'promote',
        champion: await choose(version),
        challenger: current.champion,
        base: current.sequence,
      }));
    },
  };
};
