import { z } from 'zod';
import { commonManifest, type ModelSource, readManifestAs } from '../manifest.ts';

/** Names of the files in a folder of a scope model, beside its manifest. */
export const scopeFiles = {
  step: 'step.onnx',
  layers: 'model.json',
  weights: 'weights.bin',
  head: 'head.json',
} as const;

/** The same of what is usual, in a model that knows that beside what labels taught. */
export const usualFiles = {
  step: 'usual.step.onnx',
  layers: 'usual.model.json',
  weights: 'usual.weights.bin',
  head: 'usual.head.json',
} as const;

/** What a folder of a scope model holds, how it came about, and how well it does. */
export const scopeManifestSchema = z.strictObject({
  ...commonManifest,
  kind: z.literal('scope'),
  network: z.strictObject({
    inputs: z.number().int().positive(),
    hidden: z.number().int().positive(),
    outputs: z.number().int().positive(),
    weights: z.number().int().positive(),
    opset: z.number().int(),
  }),
});

/** See {@link scopeManifestSchema}. */
export type ScopeManifest = z.infer<typeof scopeManifestSchema>;

/** Read and check the manifest. @throws EbbtideError MODEL_DAMAGED when it is missing, edited or of another kind */
export const readScopeManifest = (place: string | ModelSource): Promise<ScopeManifest> =>
  readManifestAs(place, scopeManifestSchema);
