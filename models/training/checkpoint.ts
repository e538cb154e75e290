import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { sha256 } from '../hash.ts';

const headerSchema = z.strictObject({
  /** Of everything that decides the outcome: data, seed, options, backend. */
  fingerprint: z.string(),
  /** What the training was asked for, so that it can be asked for again. */
  request: z.record(z.string(), z.unknown()),
  epoch: z.number().int().nonnegative(),
  /** Steps done of that epoch. */
  done: z.number().int().nonnegative(),
  /** Smoothed training loss; null before the first step. */
  running: z.number().nullable(),
  best: z.strictObject({ validationLoss: z.number().nullable(), epoch: z.number().int() }),
  lengths: z.array(z.number().int().nonnegative()),
  sha256: z.string(),
});

/** A training that was left off: enough to go on to the bit. */
export interface Checkpoint extends Omit<z.infer<typeof headerSchema>, 'lengths' | 'sha256'> {
  /** Variables, best weights, optimizer state, carried state: in the order in which they were given. */
  readonly arrays: readonly Float32Array[];
}

/** Write a checkpoint, in place of the last one, so that a kill at any moment leaves one of both whole. */
export const writeCheckpoint = (file: string, { arrays, ...header }: Checkpoint): void => {
  const body = Buffer.concat(arrays.map((it) => Buffer.from(it.buffer, it.byteOffset, it.byteLength)));
  const head = { ...header, lengths: arrays.map(({ length }) => length), sha256: sha256(body) };
  writeFileSync(`${file}.partial`, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]));
  renameSync(`${file}.partial`, file);
};

const damaged = (file: string, why: string, cause?: unknown): EbbtideError =>
  new EbbtideError(
    'STATE_CORRUPT',
    `Checkpoint ${file} is damaged: ${why}; delete it and train from the beginning`,
    { file },
    cause,
  );

/**
 * Read a checkpoint.
 *
 * @returns undefined where there is none
 * @throws {EbbtideError} `STATE_CORRUPT` when it is cut short or altered
 */
export const readCheckpoint = (file: string): Checkpoint | undefined => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw damaged(file, (error as Error).message, error);
  }
  const end = bytes.indexOf(0x0a);
  let header: z.infer<typeof headerSchema>;
  try {
    header = headerSchema.parse(JSON.parse(bytes.subarray(0, end).toString('utf8')));
  } catch (cause) {
    throw damaged(file, 'its header cannot be read', cause);
  }
  const { lengths, sha256: expected, ...rest } = header;
  const body = bytes.subarray(end + 1);
  if (sha256(body) !== expected) throw damaged(file, 'its content is another than was written');
  let at = 0;
  const arrays = lengths.map((length) => {
    const array = new Float32Array(length);
    new Uint8Array(array.buffer).set(body.subarray(at, at + length * 4));
    at += length * 4;
    return array;
  });
  return { ...rest, arrays };
};
