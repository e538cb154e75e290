import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { anomalyParametersSchema } from './parameters.ts';

/** Name of the file that says what a model folder holds. */
export const manifestFile = 'manifest.json';

const fileSchema = z.strictObject({ bytes: z.number().int().nonnegative(), sha256: z.string().length(64) });

/** What a model folder holds, how it came about, and how well it does. */
export const manifestSchema = z.strictObject({
  kind: z.literal('anomaly'),
  version: z.string().min(1),
  created: z.string(),
  features: z.strictObject({
    name: z.string(),
    size: z.number().int().positive(),
    metrics: z.number().int().positive(),
    hash: z.string().length(64),
    names: z.array(z.string()),
  }),
  network: z.strictObject({ inputs: z.number().int().positive(), weights: z.number().int(), opset: z.number().int() }),
  parameters: anomalyParametersSchema,
  /** Scores below `low`, above `moderate` and above `high` as the policy of lifespans may take them. */
  thresholds: z.strictObject({ low: z.number(), moderate: z.number(), high: z.number() }),
  lineage: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.number()),
  files: z.record(z.string(), fileSchema),
});

/** See {@link manifestSchema}. */
export type AnomalyManifest = z.infer<typeof manifestSchema>;

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Entry of a manifest for a file's content. */
export const describeFile = (bytes: Uint8Array): z.infer<typeof fileSchema> => ({
  bytes: bytes.byteLength,
  sha256: sha256(bytes),
});

/** Serialise a manifest together with its own digest, so that an edited one is noticed as well. */
export const encodeManifest = (manifest: AnomalyManifest | Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ ...manifest, digest: sha256(JSON.stringify(manifest)) }, null, 2)}\n`;

const damaged = (file: string, why: string, details: Record<string, unknown> = {}, cause?: unknown): EbbtideError =>
  new EbbtideError(
    'MODEL_DAMAGED',
    `Model file ${file} is damaged: ${why}; train the model again or restore the file`,
    { file, ...details },
    cause,
  );

/** Where a model's files come from, when not from a folder. */
export interface ModelSource {
  /** For messages. */
  readonly name: string;
  /** @throws EbbtideError when there is no such file or it was altered */
  read(file: string): Promise<Buffer>;
}

const nameOf = (place: string | ModelSource): string => (typeof place === 'string' ? place : place.name);

const read = async (place: string | ModelSource, file: string): Promise<Buffer> => {
  if (typeof place !== 'string') return place.read(file);
  try {
    return await readFile(join(place, file));
  } catch (cause) {
    throw damaged(join(place, file), 'it cannot be read', {}, cause);
  }
};

/**
 * Read a model folder's manifest and check it.
 *
 * @throws EbbtideError MODEL_DAMAGED when it is missing, cut short, edited or of another form
 */
export const readManifest = async (place: string | ModelSource): Promise<AnomalyManifest> => {
  const path = join(nameOf(place), manifestFile);
  const text = (await read(place, manifestFile)).toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'it is not JSON, perhaps cut short', {}, cause);
  }
  const { digest: _, ...rest } = (parsed ?? {}) as Record<string, unknown>;
  if (text !== encodeManifest(rest)) throw damaged(path, 'it was edited or cut short, for its digest does not match');
  const result = manifestSchema.safeParse(rest);
  if (!result.success) throw damaged(path, z.prettifyError(result.error));
  return result.data;
};

/**
 * Read one file of a model folder and check it against the manifest.
 *
 * @throws EbbtideError MODEL_DAMAGED when its size or hash is another
 */
export const readModelFile = async (
  place: string | ModelSource,
  manifest: AnomalyManifest,
  file: string,
): Promise<Buffer> => {
  const folder = nameOf(place);
  const expected = manifest.files[file];
  if (!expected || basename(file) !== file) throw damaged(join(folder, manifestFile), `it does not list ${file}`);
  const bytes = await read(place, file);
  if (bytes.byteLength !== expected.bytes)
    throw damaged(join(folder, file), `it has ${bytes.byteLength} bytes instead of ${expected.bytes}`);
  const found = sha256(bytes);
  if (found !== expected.sha256) throw damaged(join(folder, file), 'its content is another', { found, expected });
  return bytes;
};
