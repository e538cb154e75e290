import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { EbbtideError } from '../schemas/errors.ts';
import { sha256 } from './hash.ts';

/** Name of the file that says what a model folder holds. */
export const manifestFile = 'manifest.json';

const fileSchema = z.strictObject({ bytes: z.number().int().nonnegative(), sha256: z.string().length(64) });

/** What the manifest of every kind of model says. */
export const commonManifest = {
  kind: z.string(),
  version: z.string().min(1),
  created: z.string(),
  features: z.strictObject({
    name: z.string(),
    size: z.number().int().positive(),
    hash: z.string().length(64),
    names: z.array(z.string()),
  }),
  lineage: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.number()),
  files: z.record(z.string(), fileSchema),
} as const;

const anyManifestSchema = z.looseObject({ ...commonManifest, features: z.looseObject(commonManifest.features.shape) });

/** A manifest of whichever kind of model. */
export type AnyManifest = z.infer<typeof anyManifestSchema>;

/** Entry of a manifest for a file's content. */
export const describeFile = (bytes: Uint8Array): z.infer<typeof fileSchema> => ({
  bytes: bytes.byteLength,
  sha256: sha256(bytes),
});

/** Serialise a manifest together with its own digest, so that an edited one is noticed as well. */
export const encodeManifest = (manifest: object): string =>
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
 * Read a model folder's manifest and check its digest and its form.
 *
 * @throws EbbtideError MODEL_DAMAGED when it is missing, cut short, edited or of another form
 */
export const readManifestAs = async <T extends z.ZodType>(
  place: string | ModelSource,
  schema: T,
): Promise<z.output<T>> => {
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
  const result = schema.safeParse(rest);
  if (!result.success) throw damaged(path, z.prettifyError(result.error));
  return result.data;
};

/** Read the manifest of whichever kind of model. @throws EbbtideError as {@link readManifestAs} */
export const readAnyManifest = (place: string | ModelSource): Promise<AnyManifest> =>
  readManifestAs(place, anyManifestSchema);

/**
 * Read one file of a model folder and check it against the manifest.
 *
 * @throws EbbtideError MODEL_DAMAGED when its size or hash is another
 */
export const readModelFile = async (
  place: string | ModelSource,
  manifest: Pick<AnyManifest, 'files'>,
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
