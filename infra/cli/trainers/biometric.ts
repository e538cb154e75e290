import { trainComparator } from '../../../models/biometric/comparator/train.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { archiveTyping } from '../../clickhouse/typing.ts';
import { fileTyping, type TypingSource } from '../../files/typing.ts';
import type { Trainer, TrainingRequest } from '../trainers.ts';

const read = async ({ data, signal }: TrainingRequest): Promise<TypingSource> => {
  if (data?.place.kind === 'file') return fileTyping(data.place.path);
  if (data?.place.kind === 'archive') return archiveTyping(data.place.archive, data.range, signal);
  throw new EbbtideError(
    'REQUEST_INVALID',
    'No typing ships to learn from: name your own with --from archive or --from file=PATH; the statistical verifier needs no training',
  );
};

/** Train the comparator of keystrokes on people who type one phrase. */
export const trainBiometricModel: Trainer = async (request, { say, progress }) => {
  const { out, checkpoint, resume, seed, epochs, backend, code, signal } = request;
  const { typing, lineage } = await read(request);
  const repetitions = typing.typists.reduce((sum, it) => sum + it.repetitions, 0);
  say(`Typing: ${repetitions} repetitions of ${typing.typists.length} people, ${typing.timings} timings each`);
  const { folder, manifest } = await trainComparator(
    {
      out,
      typing,
      lineage,
      seed,
      backend,
      code,
      signal,
      onPhase: () => say('Is judged by people whom it has not seen'),
      checkpoint: { file: checkpoint, resume, request: request.request },
      ...(epochs === undefined ? {} : { epochs }),
    },
    progress,
  );
  return { folder, version: manifest.version, metrics: manifest.metrics };
};
