import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import { cutActions, type PointerEvent } from '../../biometric/mouse/actions.ts';
import { actionFeatures } from '../../biometric/mouse/movement.ts';

/** What one person did with a mouse: by session, the features of each action in order. */
export interface MouseUser {
  readonly name: string;
  readonly sessions: readonly (readonly Float64Array[])[];
}

const folderName = 'training_files';
const archiveName = 'balabit_training.tar.xz';

/** Columns: record timestamp, client timestamp (both seconds), button, state, x, y. */
function* eventsOf(text: string): Generator<PointerEvent> {
  for (const line of text.trimEnd().split('\n').slice(1)) {
    const [, time, , state, x, y] = line.split(',');
    yield { time: Number(time), x: Number(x), y: Number(y), released: state === 'Released' };
  }
}

const readFolder = (folder: string): MouseUser[] =>
  readdirSync(folder)
    .sort()
    .map((name) => ({
      name,
      sessions: readdirSync(join(folder, name))
        .sort()
        .map((session) =>
          cutActions(eventsOf(readFileSync(join(folder, name, session), 'utf8'))).map((it) => actionFeatures(it)),
        ),
    }));

/**
 * Read Balabit's training sessions: a folder `training_files` of users, or the archive of it, which the system's `tar`
 * unpacks for the time of reading.
 *
 * @throws EbbtideError DATA_MISSING where neither lies, or the archive cannot be unpacked
 */
export const readBalabit = (folder: string): readonly MouseUser[] => {
  const plain = join(folder, folderName);
  if (existsSync(plain)) return readFolder(plain);
  const archive = join(folder, archiveName);
  if (!existsSync(archive))
    throw new EbbtideError('DATA_MISSING', `Neither ${folderName} nor ${archiveName} lies in ${folder}`, { folder });
  const unpacked = mkdtempSync(join(tmpdir(), 'ebbtide-balabit-'));
  try {
    execFileSync('tar', ['-xJf', archive, '-C', unpacked], { stdio: ['ignore', 'ignore', 'pipe'] });
    return readFolder(join(unpacked, folderName));
  } catch (cause) {
    throw new EbbtideError(
      'DATA_MISSING',
      `${archive} cannot be unpacked with tar and xz: ${(cause as Error).message}; unpack it and name its folder: --data balabit=DIR`,
      { archive },
      cause,
    );
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
};
