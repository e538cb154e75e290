import type { ClickHouseArchive } from '../clickhouse/client.ts';
import type { ClickHouseConfig } from '../clickhouse/config.ts';
import { viewArchive } from '../clickhouse/views/archive.ts';
import type { Config } from '../config/config.ts';
import type { ConsolePorts } from '../console/ports.ts';
import type { AppContext } from '../context.ts';
import { threadedTrial } from '../replay/threadedTrial.ts';
import { modelsPort } from './models-port.ts';

/**
 * What the console needs of archive and registry of models beside its desk.
 *
 * @param clickhouse - how `archive` was opened
 */
export const archivePorts = (
  context: AppContext,
  config: Config,
  clickhouse: ClickHouseConfig,
  archive: ClickHouseArchive,
): Pick<ConsolePorts, 'trials' | 'views' | 'archived' | 'models'> => {
  const archived = new Set<string>(config.archive.topics);
  let warned = false;
  return {
    trials: {
      lifecycle: threadedTrial('lifecycle', clickhouse, config),
      scope: threadedTrial('scope', clickhouse, config),
      keylife: threadedTrial('keylife', clickhouse, config),
      preprovision: threadedTrial('preprovision', clickhouse, config),
    },
    views: viewArchive(archive, config.policy.preprovision.timeZone),
    // What it reads no longer stands still for ever, and nobody need wait for it
    archived: async (topics) => {
      const read = topics.filter((topic) => archived.has(topic));
      if (read.length === 0) return new Map();
      return context.kafka.committed(config.archive.groupId, read).catch((error: unknown) => {
        if (!warned)
          context.log.warn(
            { err: error },
            'Kafka does not tell how far the archive is, so sums may be read some seconds early. Where this goes on: run the script of "ebbtide kafka acls" again',
          );
        warned = true;
        throw error;
      });
    },
    models: modelsPort(context, config),
  };
};
