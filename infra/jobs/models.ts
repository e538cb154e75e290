import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestFile } from '../../models/anomaly/manifest.ts';
import type { AnomalyModel } from '../../models/anomaly/model.ts';
import { checkedAnomalyModel } from '../../models/registry/check.ts';
import { pointerRecord } from '../../models/registry/pointerRecord.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { controlPartition } from '../../schemas/control.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import type { Producer } from '../kafka/types.ts';
import type { Logger } from '../log.ts';
import { readBack } from './joinedTables.ts';
import type { JoinedTables } from './joinedTopics.ts';
import type { LifecycleMetrics } from './metrics.ts';
import { ModelPool } from './modelPool.ts';

interface ModelsOptions {
  readonly configured: AnomalyModel;
  readonly folder: string;
  readonly registry: ModelRegistry | undefined;
  readonly windowMs: number;
  readonly metrics: LifecycleMetrics;
  readonly log: Logger;
}

const kind = 'anomaly';

/** The models of the lifecycle pipeline: the configured one, and those that a registry's pointers name. */
export const openModels = async ({ configured, folder, registry, windowMs, metrics, log }: ModelsOptions) => {
  let refusal: { sequence: number; why: string } | undefined;
  const pool = new ModelPool({
    kind,
    configured,
    configuredDigest: createHash('sha256')
      .update(await readFile(join(folder, manifestFile)))
      .digest('hex'),
    async load({ version, digest }) {
      if (!registry)
        throw new EbbtideError('MODEL_INCOMPATIBLE', `Version ${version} cannot be loaded: no registry is configured`);
      const { source } = await registry.version(kind, version, digest);
      return checkedAnomalyModel(source, { windowMs });
    },
    refused(sequence, error) {
      const why = (error as Error).message;
      metrics.modelsRefused.inc();
      refusal = { sequence, why };
      log.error({ sequence, code: (error as { code?: unknown }).code, why }, 'models refused, those in force stay');
    },
    log,
  });
  return {
    pool,
    /** What this instance scores with, and what it had to refuse, for its health. */
    describe(): string {
      const refused =
        refusal && refusal.sequence > pool.sequence ? `; pointer ${refusal.sequence} was refused: ${refusal.why}` : '';
      return `model ${pool.champion}${refused}`;
    },
    /**
     * Write the registry's last pointer to `control` where it is missing: a promotion was cut short between the two, or
     * the topic was lost. A registry that is away is asked again at the next start.
     */
    async announce(context: AppContext, producer: Producer, tables: JoinedTables): Promise<void> {
      try {
        await tables.caughtUp;
        const last = (await registry?.pointers(kind))?.at(-1);
        if (!last) return;
        const record = pointerRecord(last);
        if (tables.control.at(record.key, Number.POSITIVE_INFINITY)) return;
        const codec = await TopicCodec.open<Control>(topics.control, context.registry);
        const value = codec.encode(record);
        await producer.send([{ topic: topics.control.name, partition: controlPartition, key: record.key, value }]);
        await readBack(tables.control, record.key, record.version);
        log.info({ sequence: last.sequence, champion: last.champion.version }, 'model pointer written to control');
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'model registry not read at start');
      }
    },
  };
};
