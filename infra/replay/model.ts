import { existsSync, statSync } from 'node:fs';
import { type AnomalyModel, loadAnomalyModel, shippedAnomalyModel } from '../../models/anomaly/model.ts';
import { EbbtideError } from '../../schemas/errors.ts';

/**
 * The folder of a model by its name: `shipped`, or a folder.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` where there is no such model
 */
export const resolveModel = (name: string): string => {
  if (name === 'shipped') return shippedAnomalyModel();
  if (existsSync(name) && statSync(name).isDirectory()) return name;
  throw new EbbtideError('REQUEST_INVALID', `Model ${name} is neither a folder nor "shipped"`, { model: name });
};

/** Load a model for windows of a length, milliseconds. */
export const openModel = (name: string, windowMs: number): Promise<AnomalyModel> =>
  loadAnomalyModel(resolveModel(name), { windowMs });
