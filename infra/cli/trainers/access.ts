import { trainAccess } from '../../../models/access/train.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { archiveAccesses } from '../../clickhouse/access.ts';
import { fileAccesses } from '../../files/access.ts';
import type { Trainer } from '../trainers.ts';

/** Train the access model on accesses of the archive or of a file. */
export const trainAccessModel: Trainer = async (request, { say, progress }) => {
  const { data, out, checkpoint, resume, seed, epochs, backend, maxSubjects, code, signal, zone } = request;
  if (!data)
    throw new EbbtideError(
      'REQUEST_INVALID',
      'No accesses ship with Ebbtide, for nobody’s habits are another’s; train with --from archive or --from file=PATH',
    );
  const { folder, manifest } = await trainAccess(
    {
      out,
      source: data.place.kind === 'file' ? fileAccesses(data.place.path) : archiveAccesses(data.place.archive),
      range: data.range,
      zone: zone ?? 'UTC',
      seed,
      backend,
      code,
      signal,
      say,
      checkpoint: { file: checkpoint, resume, request: request.request },
      ...(epochs === undefined ? {} : { epochs }),
      ...(maxSubjects === undefined ? {} : { maxPairs: maxSubjects }),
    },
    progress,
  );
  const { onsetAp1h, onsetAp1hStatistics } = manifest.metrics;
  if (onsetAp1h !== undefined && onsetAp1hStatistics !== undefined && onsetAp1h <= onsetAp1hStatistics)
    say('Note: on the hours it was judged by, the model ranks no better than the statistics that need no training');
  return { folder, version: manifest.version, metrics: manifest.metrics };
};
