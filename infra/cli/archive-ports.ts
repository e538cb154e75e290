import type { ClickHouseArchive } from '../clickhouse/client.ts';
import { viewArchive } from '../clickhouse/views/archive.ts';
import type { Config } from '../config/config.ts';
import type { ConsolePorts } from '../console/ports.ts';
import type { AppContext } from '../context.ts';
import { openPreview } from '../replay/preview.ts';
import { modelsPort } from './models-port.ts';

/** What the console needs of archive and registry of models beside its desk. */
export const archivePorts = (
  context: AppContext,
  config: Config,
  archive: ClickHouseArchive,
): Pick<ConsolePorts, 'previewPolicy' | 'views' | 'models'> => {
  const { registry, log } = context;
  const { models, lifecycle } = config;
  const { cluster } = config.archive;
  return {
    previewPolicy: openPreview({ registry, models, model: lifecycle.model, log, archive, cluster }),
    views: viewArchive(archive),
    models: modelsPort(context, config),
  };
};
