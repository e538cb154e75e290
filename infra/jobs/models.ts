import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../models/hash.ts';
import { type ModelSource, manifestFile } from '../../models/manifest.ts';
import { builtIn } from '../../models/registry/builtIn.ts';
import { pointerRecord } from '../../models/registry/pointerRecord.ts';
import type { ModelKind } from '../../models/registry/record.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { controlPartition } from '../../schemas/control.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { isForbidden } from '../kafka/client.ts';
import type { Producer } from '../kafka/types.ts';
import type { Logger } from '../log.ts';
import { readBack, type Tables } from './joinedTables.ts';
import type { ModelMetrics } from './modelMetrics.ts';
import { ModelPool, type PooledModel } from './modelPool.ts';

/** What a job's models are opened with. */
export interface ModelsOptions<M extends PooledModel> {
  readonly kind: ModelKind;
  /** The model that decides until another is promoted. */
  readonly configured: M;
  /** Folder that it was loaded from; absent where it is built in. */
  readonly folder?: string | undefined;
  readonly registry: ModelRegistry | undefined;
  /** Load a version of which nothing is known yet, and warm it. */
  load(source: ModelSource): Promise<M>;
  /** The model of this kind that is built in, where there is one. */
  readonly builtIn?: M;
  readonly metrics: ModelMetrics;
  readonly log: Logger;
}

/** What a job asks of its models. */
export type JobModels = Pick<Awaited<ReturnType<typeof openModels<PooledModel>>>, 'announce' | 'describe'> & {
  readonly pool: Pick<ModelPool<PooledModel>, 'begin' | 'release' | 'sequence' | 'close'>;
};

/** The models of a job: the configured one, and those that a registry's pointers name. */
export const openModels = async <M extends PooledModel>(options: ModelsOptions<M>) => {
  const { kind, configured, folder, registry, metrics, log } = options;
  let refusal: { sequence: number; why: string } | undefined;
  const standing = builtIn[kind];
  const pool = new ModelPool<M>({
    kind,
    configured,
    configuredDigest:
      folder === undefined ? (standing?.digest ?? '') : sha256(await readFile(join(folder, manifestFile))),
    async load({ version, digest }) {
      if (options.builtIn && version === standing?.version && digest === standing.digest) return options.builtIn;
      if (!registry)
        throw new EbbtideError('MODEL_INCOMPATIBLE', `Version ${version} cannot be loaded: no registry is configured`);
      const { source } = await registry.version(kind, version, digest);
      return options.load(source);
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
    async announce(
      context: AppContext,
      producer: Producer,
      tables: Pick<Tables<unknown>, 'control' | 'caughtUp'>,
    ): Promise<void> {
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
        log.warn(
          { error: (error as Error).message },
          isForbidden(error)
            ? 'model pointer is missing in control, and this process may not write there: whoever promotes writes it'
            : 'model registry not read at start',
        );
      }
    },
  };
};
