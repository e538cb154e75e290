import type { ClickHouseArchive } from '../clickhouse/client.ts';
import type { Config } from '../config/config.ts';
import type { ConsolePorts } from '../console/ports.ts';
import type { AppContext } from '../context.ts';
import { openPreview } from '../replay/preview.ts';

/** What the console needs of the archive beside its desk. */
export const archivePorts = (
  { registry, log }: AppContext,
  { models, lifecycle, archive: { cluster } }: Config,
  archive: ClickHouseArchive,
): Pick<ConsolePorts, 'previewPolicy'> => ({
  previewPolicy: openPreview({ registry, models, model: lifecycle.model, log, archive, cluster }),
});
