import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { PairEvent } from '../../access/population.ts';

const file = 'nasa-ipsc-1993.csv.gz';

/** Where the machine stood: NASA Ames Research Center. */
export const nasaZone = 'America/Los_Angeles';

/**
 * Read the job submissions of the NASA iPSC/860, one pair a user: an access where a job was submitted, an end where it
 * had run.
 *
 * @param folder holds the file as `data/README.md` names it
 * @returns in order of time
 * @throws EbbtideError DATA_MISSING when it is not there or not that file
 */
export const readNasa = (folder: string): PairEvent[] => {
  const path = join(folder, file);
  if (!existsSync(path))
    throw new EbbtideError('DATA_MISSING', `${path} is not there; docs/access.md says where to get it`, { path });
  const [header, ...lines] = gunzipSync(readFileSync(path))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'));
  const columns = header?.split(',') ?? [];
  const [user, epoch, runtime] = ['user', 'epoch_s', 'runtime_s'].map((name) => columns.indexOf(name)) as [
    number,
    number,
    number,
  ];
  if (user < 0 || epoch < 0 || runtime < 0)
    throw new EbbtideError('DATA_MISSING', `${path} has not the columns user, epoch_s and runtime_s`, { path });
  const events = lines.flatMap((line): PairEvent[] => {
    const cells = line.split(',');
    const pair = cells[user]!;
    const timeMs = Number(cells[epoch]) * 1000;
    return [
      { pair, event: { kind: 'access', timeMs, lasts: true } },
      { pair, event: { kind: 'end', timeMs: timeMs + Number(cells[runtime]) * 1000 } },
    ];
  });
  return events.sort((a, b) => a.event.timeMs - b.event.timeMs);
};
