import { open } from 'node:fs/promises';
import { z } from 'zod';

/** How far a file was read. */
export const positionSchema = z.strictObject({
  /** Which file it was: names come back with other content when logs are rotated. */
  inode: z.number(),
  offset: z.number().int().nonnegative(),
});

/** See {@link positionSchema}. */
export type Position = z.infer<typeof positionSchema>;

/** What a file holds beyond a position. */
export interface Followed {
  readonly bytes: Buffer;
  /** Where `bytes` begin. */
  readonly from: Position;
}

/** Bytes that are read at once at most. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Read on where reading ended. A file that was replaced or cut is read from its beginning.
 *
 * @param before where it ended, undefined to begin
 * @returns undefined where there is no such file, or nothing new
 */
export const readOn = async (path: string, before: Position | undefined): Promise<Followed | undefined> => {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { ino: inode, size } = await file.stat();
    const same = before?.inode === inode && before.offset <= size;
    const offset = same ? before.offset : 0;
    const bytes = Buffer.alloc(Math.min(mostBytes, size - offset));
    // A file that was cut to nothing has a new beginning, which must be kept
    if (bytes.length === 0 && same) return undefined;
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    return { bytes: bytes.subarray(0, bytesRead), from: { inode, offset } };
  } finally {
    await file.close();
  }
};

/** The whole lines of a piece, and how many bytes they are. A piece without any end of a line that is full counts as one. */
export const wholeLines = (bytes: Buffer): { text: string; taken: number } => {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const taken = end === 0 && bytes.length >= mostBytes ? bytes.length : end;
  return { text: bytes.subarray(0, taken).toString('utf8'), taken };
};
