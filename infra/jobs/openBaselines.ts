import { EbbtideError } from '../../schemas/errors.ts';
import { BytesOnDisk } from '../bytesOnDisk.ts';
import type { Logger } from '../log.ts';
import { dataFolder } from '../paths.ts';

/**
 * Room on the disk for the sealed baselines of everybody, in the data folder: Kafka has them, too, and this process reads
 * them from there at its next start.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where no file can be made in the data folder
 */
export const openBaselines = (log: Logger, folder = dataFolder()): BytesOnDisk => {
  try {
    return new BytesOnDisk(folder, 'baselines', (error) =>
      log.error({ folder, error: error.message }, 'the disk takes no baseline: it stays in memory'),
    );
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `No file for baselines can be made in the data folder ${folder}: ${(cause as Error).message}; make it writable, or name another by EBBTIDE_DATA`,
      { folder },
      cause,
    );
  }
};
