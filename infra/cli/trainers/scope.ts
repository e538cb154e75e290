import { judgementsOf } from '../../../models/feedback/labelArchive.ts';
import { SequenceCollector } from '../../../models/scope/sequences.ts';
import { trainScope } from '../../../models/scope/train.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { archiveApiCalls } from '../../clickhouse/apiCalls.ts';
import type { ClickHouseArchive } from '../../clickhouse/client.ts';
import { archiveLabels } from '../../clickhouse/labels.ts';
import { fileApiCalls } from '../../files/apiCalls.ts';
import type { Trainer, TrainingRequest } from '../trainers.ts';

type Data = NonNullable<TrainingRequest['data']>;
type Limits = ConstructorParameters<typeof SequenceCollector>[0];

/** Calls of the archive; what analysts judged malicious is misuse. */
const gatherArchive = async (archive: ClickHouseArchive, { range, windowMs }: Data, limits: Limits) => {
  // A label is given after what it judges
  const given = { fromMs: range.fromMs, toMs: Date.UTC(2200, 0) };
  const { judgements } = await judgementsOf(archiveLabels(archive), 'scope', given, windowMs);
  const malicious = judgements.filter(({ verdict }) => verdict === 'maliciousActivity');
  const collector = new SequenceCollector(limits, (subject, from, to) =>
    malicious.some((one) => one.subject === subject && one.fromMs < to && from < one.toMs),
  );
  for await (const call of archiveApiCalls(archive).calls(range.fromMs, range.toMs)) collector.take(call);
  return collector;
};

/** Calls of a file, which says of each whether it was misuse. */
const gatherFile = async (path: string, { range, windowMs }: Data, limits: Limits) => {
  const guilty = new Set<string>();
  const collector = new SequenceCollector(limits, (subject, start) => guilty.has(`${subject}\n${start}`));
  for await (const { call, malicious } of fileApiCalls(path)) {
    if (call.time < range.fromMs || call.time >= range.toMs) continue;
    if (malicious) guilty.add(`${call.frontendCredential}\n${Math.floor(call.time / windowMs) * windowMs}`);
    collector.take(call);
  }
  return collector;
};

/** Train the scope model on API calls of the archive or of a file. */
export const trainScopeModel: Trainer = async (request, { say, progress }) => {
  const { data, out, checkpoint, resume, seed, epochs, backend, maxSubjects, code, signal } = request;
  if (!data)
    throw new EbbtideError(
      'REQUEST_INVALID',
      'No recording of API calls ships: train the scope model --from archive or --from file=PATH; without training the model "default" needs no data',
    );
  const { place, windowMs, range } = data;
  const limits = { windowMs, ...(maxSubjects === undefined ? {} : { mostSubjects: maxSubjects }) };
  const collector =
    place.kind === 'file'
      ? await gatherFile(place.path, data, limits)
      : await gatherArchive(place.archive, data, limits);
  const sequences = collector.finish();
  const count = (malicious: boolean): string => {
    const those = sequences.filter((one) => one.malicious === malicious);
    const windows = those.reduce((sum, { vectors }) => sum + vectors.length, 0);
    return `${windows} windows of ${those.length} ${malicious ? 'malicious' : 'benign'} credentials`;
  };
  say(`API calls: ${count(false)}, ${count(true)}`);
  if (collector.passedOver.size > 0)
    say(`Note: ${collector.passedOver.size} more credentials were passed over; --subjects takes more`);
  const { folder, manifest } = await trainScope(
    {
      ...{ out, sequences, seed, backend, code, signal },
      lineage: {
        source: place.kind === 'file' ? { kind: 'file', path: place.path } : { kind: 'archive' },
        range,
        windowMs,
      },
      checkpoint: { file: checkpoint, resume, request: request.request },
      ...(epochs === undefined ? {} : { epochs }),
    },
    progress,
  );
  say(
    manifest.metrics.maliciousCredentials === 0
      ? 'No label says what misuse is: it learned what is usual'
      : 'It was taught by labels what misuse is',
  );
  return { folder, version: manifest.version, metrics: manifest.metrics };
};
