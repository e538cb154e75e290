import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { EbbtideError } from '../../schemas/errors.ts';

/**
 * Give the lines of a text file, which may be compressed (`.gz`).
 *
 * @param read called with each line and its number from 1
 * @throws {EbbtideError} `RECORD_MALFORMED` when it cannot be read, `CANCELLED` by the signal, and what `read` throws
 */
export const readLines = async (
  file: string,
  read: (line: string, number: number) => void,
  signal?: AbortSignal,
): Promise<void> => {
  const raw = createReadStream(file);
  const unpacked = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  // pipe() does not hand on errors.
  raw.on('error', (error) => unpacked.destroy(error));
  const failure = new Promise<never>((_, reject) => unpacked.once('error', reject));
  failure.catch(() => undefined);
  const lines = createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const line of lines) {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', `Reading ${file} was cancelled`, { file });
      read(line, ++number);
    }
    if (unpacked.errored) throw unpacked.errored;
  } catch (cause) {
    if (cause instanceof EbbtideError) throw cause;
    throw new EbbtideError(
      'RECORD_MALFORMED',
      `File ${file}, after line ${number}: ${(cause as Error).message}`,
      { file, line: number },
      cause,
    );
  } finally {
    lines.close();
    raw.destroy();
  }
};

/**
 * The lines of a text file, unpacked where its name ends in `.gz`.
 *
 * @throws {EbbtideError} `DATA_MISSING` where it is not there; what unpacking throws where it is damaged
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  if (!existsSync(file)) throw new EbbtideError('DATA_MISSING', `File ${file} is not there`, { file });
  const bytes = createReadStream(file);
  const plain = /\.gz$/i.test(file) ? bytes.pipe(createGunzip()) : bytes;
  // An error of the file must end the reading of what it is unpacked to
  if (plain !== bytes) bytes.on('error', (error) => plain.destroy(error));
  const lines = createInterface({ input: plain, crlfDelay: Number.POSITIVE_INFINITY });
  let failure: Error | undefined;
  plain.on('error', (error: Error) => {
    failure = error;
    lines.close();
  });
  yield* lines;
  if (failure) throw failure;
}
