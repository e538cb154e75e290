import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { EbbtideError } from '../../schemas/errors.ts';

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
