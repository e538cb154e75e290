import { z } from 'zod';
import { commonManifest, type ModelSource, readManifestAs } from '../manifest.ts';

/** Names of the files in a folder of an access model, beside its manifest. */
export const accessFiles = {
  step: 'step.onnx',
  layers: 'model.json',
  weights: 'weights.bin',
  trees: 'trees.json',
  calibration: 'calibration.json',
} as const;

/** What a folder of an access model holds, how it came about, and how well it does. */
export const accessManifestSchema = z.strictObject({
  ...commonManifest,
  kind: z.literal('access'),
  network: z.strictObject({
    inputs: z.number().int().positive(),
    members: z.number().int().positive(),
    hidden: z.number().int().positive(),
    weights: z.number().int(),
    opset: z.number().int(),
  }),
  /** IANA name of the time zone whose calendar it was learned by. */
  zone: z.string(),
});

/** See {@link accessManifestSchema}. */
export type AccessManifest = z.infer<typeof accessManifestSchema>;

/** Read and check the manifest. @throws EbbtideError MODEL_DAMAGED when it is missing, edited or of another kind */
export const readAccessManifest = (place: string | ModelSource): Promise<AccessManifest> =>
  readManifestAs(place, accessManifestSchema);
