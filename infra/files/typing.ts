import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { readTyping, type Typing } from '../../models/biometric/typing.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';

/** What people typed, and where it is from. */
export interface TypingSource {
  readonly typing: Typing;
  readonly lineage: Readonly<Record<string, unknown>>;
}

/**
 * Read people's typing out of a CSV file of the form of CMU's benchmark, compressed or not.
 *
 * @throws EbbtideError DATA_MISSING when it cannot be read, RECORD_MALFORMED with file and line
 */
export const fileTyping = async (file: string): Promise<TypingSource> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
    if (file.endsWith('.gz')) bytes = gunzipSync(bytes);
  } catch (cause) {
    throw new EbbtideError('DATA_MISSING', `File ${file} cannot be read: ${(cause as Error).message}`, { file }, cause);
  }
  try {
    return { typing: readTyping(bytes.toString('utf8')), lineage: { kind: 'file', file, bytes: bytes.byteLength } };
  } catch (error) {
    if (!isEbbtideError(error)) throw error;
    throw new EbbtideError(error.code, `${file}: ${error.message}`, { file, ...error.details }, error);
  }
};
