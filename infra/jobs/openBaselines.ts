import { EbbtideError } from '../../schemas/errors.ts';
import { BytesOnDisk } from '../bytesOnDisk.ts';
import type { Logger } from '../log.ts';
import { dataFolder } from '../paths.ts';

/** A full disk is told of once in so long, not for each of ten thousand people. */
const toldEveryMs = 60_000;

/**
 * Room on the disk for the sealed baselines of everybody, in the data folder: Kafka has them, too, and this process reads
 * them from there at its next start.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where no file can be made in the data folder
 */
export const openBaselines = (log: Logger, folder = dataFolder()): BytesOnDisk => {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (error: Error) => {
    const now = performance.now();
    if (now - toldAt < toldEveryMs) return;
    toldAt = now;
    log.error({ folder, error: error.message }, 'the disk takes no baselines: they stay in memory');
  };
  try {
    return new BytesOnDisk(folder, 'baselines', tell);
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `No file for baselines can be made in the data folder ${folder}: ${(cause as Error).message}; make it writable, or name another by EBBTIDE_DATA`,
      { folder },
      cause,
    );
  }
};
