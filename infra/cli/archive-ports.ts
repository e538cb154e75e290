import { archiveApiCalls } from '../clickhouse/apiCalls.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import { viewArchive } from '../clickhouse/views/archive.ts';
import type { Config } from '../config/config.ts';
import type { ConsolePorts } from '../console/ports.ts';
import type { AppContext } from '../context.ts';
import { openPreview } from '../replay/preview.ts';
import { openScopePreview } from '../replay/scope/preview.ts';
import { modelsPort } from './models-port.ts';
import { openScopeModel } from './scope-model.ts';

/** What the console needs of archive and registry of models beside its desk. */
export const archivePorts = (
  context: AppContext,
  config: Config,
  archive: ClickHouseArchive,
): Pick<ConsolePorts, 'previewPolicy' | 'previewScope' | 'views' | 'models'> => {
  const { registry, log } = context;
  const { models, lifecycle } = config;
  const { cluster } = config.archive;
  return {
    previewPolicy: openPreview({ registry, models, model: lifecycle.model, log, archive, cluster }),
    previewScope: openScopePreview(archiveApiCalls(archive), () => openScopeModel(config)),
    views: viewArchive(archive, config.policy.preprovision.timeZone),
    models: modelsPort(context, config),
  };
};
