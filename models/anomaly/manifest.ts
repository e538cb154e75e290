import { z } from 'zod';
import { commonManifest, type ModelSource, readManifestAs } from '../manifest.ts';
import { anomalyParametersSchema } from './parameters.ts';

export { describeFile, encodeManifest, type ModelSource, manifestFile, readModelFile } from '../manifest.ts';

/** What a model folder holds, how it came about, and how well it does. */
export const manifestSchema = z.strictObject({
  ...commonManifest,
  kind: z.literal('anomaly'),
  features: commonManifest.features.extend({ metrics: z.number().int().positive() }),
  network: z.strictObject({ inputs: z.number().int().positive(), weights: z.number().int(), opset: z.number().int() }),
  parameters: anomalyParametersSchema,
  /** Scores below `low`, above `moderate` and above `high` as the policy of lifespans may take them. */
  thresholds: z.strictObject({ low: z.number(), moderate: z.number(), high: z.number() }),
});

/** See {@link manifestSchema}. */
export type AnomalyManifest = z.infer<typeof manifestSchema>;

/**
 * Read a model folder's manifest and check it.
 *
 * @throws EbbtideError MODEL_DAMAGED when it is missing, cut short, edited or of another form
 */
export const readManifest = (place: string | ModelSource): Promise<AnomalyManifest> =>
  readManifestAs(place, manifestSchema);
