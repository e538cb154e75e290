import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelSource, manifestFile } from '../../models/anomaly/manifest.ts';
import { type AnomalyModel, loadAnomalyModel, shippedAnomalyModel } from '../../models/anomaly/model.ts';
import type { ModelsConfig } from '../../models/registry/config.ts';
import { openModelRegistry } from '../../models/registry/open.ts';
import type { VersionedTable } from '../../pipelines/versionedTable.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { ModelPool } from '../jobs/modelPool.ts';
import { createLogger } from '../log.ts';

const kind = 'anomaly';

/**
 * Where a model lies by its name: `shipped`, a folder, or a version of the registry.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` where there is no such model
 */
export const resolveModel = async (name: string, models: ModelsConfig): Promise<string | ModelSource> => {
  if (name === 'shipped') return shippedAnomalyModel();
  if (existsSync(name) && statSync(name).isDirectory()) return name;
  const registry = await openModelRegistry(models);
  try {
    return (await registry.version(kind, name)).source;
  } catch (error) {
    if (!isEbbtideError(error, 'NOT_FOUND')) throw error;
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Model ${name} is neither "shipped", nor a folder, nor a version in the registry ${registry.name}; see ebbtide models list`,
      { model: name },
    );
  }
};

/** Load a model for windows of a length, milliseconds. */
export const openModel = async (name: string, windowMs: number, models: ModelsConfig): Promise<AnomalyModel> =>
  loadAnomalyModel(await resolveModel(name, models), { windowMs });

/**
 * The models that were in force, as the clock records of the history say; the configured one before any promotion.
 *
 * @param configured - loaded from `name`
 */
export const historicModels = async (
  control: VersionedTable<Control>,
  configured: AnomalyModel,
  name: string,
  windowMs: number,
  models: ModelsConfig,
): Promise<ModelPool<AnomalyModel>> => {
  const place = await resolveModel(name, models);
  const manifest =
    typeof place === 'string' ? await readFile(join(place, manifestFile)) : await place.read(manifestFile);
  const log = createLogger('replay');
  const pool = new ModelPool({
    kind,
    configured,
    configuredDigest: createHash('sha256').update(manifest).digest('hex'),
    async load({ version, digest }) {
      const registry = await openModelRegistry(models);
      return loadAnomalyModel((await registry.version(kind, version, digest)).source, { windowMs });
    },
    refused: (sequence, error) => log.error({ sequence, error: (error as Error).message }, 'models refused'),
    log,
  });
  for (const [, , record] of control.versions()) if (record) pool.hear(record);
  return pool;
};
