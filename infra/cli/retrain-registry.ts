import type { ModelSource } from '../../models/manifest.ts';
import { builtIn } from '../../models/registry/builtIn.ts';
import { openModelRegistry } from '../../models/registry/open.ts';
import type { ModelKind } from '../../models/registry/record.ts';
import type { RetrainRegistry } from '../../pipelines/retrain/registry.ts';
import type { Config } from '../config/config.ts';
import type { AppContext } from '../context.ts';
import type { RetrainedKind } from '../jobs/retrain/config.ts';
import type { RetrainedModel } from '../jobs/retrain/run.ts';
import { dataFolder } from '../paths.ts';
import { audited } from './audited.ts';
import { configuredModel, type ModelSections } from './configured-model.ts';
import { pointTo } from './point-models.ts';

const by = 'retrain';

/** The registry as retraining of one kind uses it: its champion, or the configured model until one is promoted. */
const retrainRegistry = async (
  config: ModelSections & Pick<Config, 'models'>,
  context: AppContext,
  kind: ModelKind,
): Promise<RetrainRegistry> => {
  const registry = await openModelRegistry(config.models);
  const configured = configuredModel(config, kind);
  return {
    async champion(): Promise<string | ModelSource | undefined> {
      const last = (await registry.pointers(kind)).at(-1);
      if (!last) return typeof configured === 'string' ? configured : undefined;
      const { version, digest } = last.champion;
      return version === builtIn[kind]?.version ? undefined : (await registry.version(kind, version, digest)).source;
    },
    async publish(folder, report) {
      // On record, by which whoever looks at the registry learns of it too
      const deed = { action: 'model', subject: kind, reason: 'Retrained' };
      return audited(context, deed, async (told) => {
        const { version } = await registry.publish(kind, folder, by, new Date(), report);
        await told(`Published ${version}`);
        return version;
      });
    },
    async promote(version, why) {
      await pointTo({ context, registry, kind, configured, by, reason: why }, async (current, _, choose) => ({
        action: 'promote',
        champion: await choose(version),
        challenger: current.champion,
        base: current.sequence,
      }));
    },
  };
};

/** The models that labels retrain, as configured. */
export const retrainedModels = (
  config: Config,
  context: AppContext,
  kinds: readonly RetrainedKind[],
): Promise<RetrainedModel[]> =>
  Promise.all(
    kinds.map(async (kind): Promise<RetrainedModel> => {
      const registry = await retrainRegistry(config, context, kind);
      const { lifecycle, scope } = config.policy;
      return kind === 'scope'
        ? {
            ...{ kind, registry, windowMs: scope.windowMs, folder: dataFolder('retrain', 'scope') },
            threshold: scope.ranges[0]!.upTo,
          }
        : { kind, registry, windowMs: lifecycle.windowMs, folder: dataFolder('retrain') };
    }),
  );
