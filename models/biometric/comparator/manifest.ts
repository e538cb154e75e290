import { z } from 'zod';
import { commonManifest, type ModelSource, readManifestAs } from '../../manifest.ts';

/** Names of the files in a comparator's folder, beside its manifest. */
export const comparatorFiles = {
  sequence: 'sequence.onnx',
  population: 'population.json',
  layers: 'model.json',
  weights: 'weights.bin',
} as const;

/** What a comparator's folder holds, how it came about, and how well it does on people it has not seen. */
export const comparatorManifestSchema = z.strictObject({
  ...commonManifest,
  kind: z.literal('biometric'),
  network: z.strictObject({
    inputs: z.number().int().positive(),
    steps: z.number().int().positive(),
    weights: z.number().int().positive(),
    opset: z.number().int(),
  }),
});

/** See {@link comparatorManifestSchema}. */
export type ComparatorManifest = z.infer<typeof comparatorManifestSchema>;

/** How people at large type, as it is kept. */
export const populationSchema = z.strictObject({
  median: z.array(z.number()).min(1),
  spread: z.array(z.number().positive()).min(1),
});

/** Read a comparator's manifest and check it. @throws EbbtideError MODEL_DAMAGED as `readManifestAs` */
export const readComparatorManifest = (place: string | ModelSource): Promise<ComparatorManifest> =>
  readManifestAs(place, comparatorManifestSchema);
