import { relative } from 'node:path';
import { type Judgement, resolveLabels } from '../../../models/feedback/labels.ts';
import { versionAt } from '../../../models/registry/versionAt.ts';
import { writeHead } from '../../../models/scope/folder.ts';
import { SequenceCollector } from '../../../models/scope/sequences.ts';
import { type LabelledSequence, trainScope } from '../../../models/scope/train.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { archiveApiCalls } from '../../clickhouse/apiCalls.ts';
import { type ClickHouseArchive, openArchive } from '../../clickhouse/client.ts';
import { archiveLabels } from '../../clickhouse/labels.ts';
import { fileApiCalls } from '../../files/apiCalls.ts';
import { dataFolder } from '../../paths.ts';
import { version } from '../../version.ts';
import type { TrainingOrigin } from '../commands/train.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { createProgress } from '../progress.ts';
import { duration } from '../terminal.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';

interface Options {
  readonly from: TrainingOrigin;
  readonly since?: InstantOrAgo;
  readonly until?: InstantOrAgo;
  readonly window?: number;
  readonly subjects?: number;
  readonly out?: string;
  readonly epochs?: number;
  readonly seed?: number;
}

const defaultSinceMs = 30 * 86_400_000;

/** Stretches of time that analysts judged, by the labels of the archive. */
const judgementsOf = async (archive: ClickHouseArchive, fromMs: number, toMs: number, windowMs: number) => {
  const labelled = archiveLabels(archive);
  // A label is given after what it judges
  const labels = await labelled.labels({ fromMs, toMs: Date.now() });
  const ids = labels.flatMap(({ decisionId }) => (decisionId === null ? [] : [decisionId]));
  const unnamed = labels.filter(({ decisionId, windowEnd }) => decisionId === null && windowEnd === null);
  const found = await labelled.decisions(
    ids,
    unnamed.map(({ subject, at }) => ({ subject, atMs: at })),
  );
  const byId = new Map(found.map((one) => [one.decisionId, one]));
  return resolveLabels(labels, {
    windowMs,
    decision: (id) => byId.get(id),
    lastDecision: (subject, at) =>
      found
        .filter((one) => one.subject === subject && one.windowEnd <= at)
        .sort((a, b) => b.windowEnd - a.windowEnd)[0],
  }).judgements.filter(({ fromMs: from }) => from < toMs);
};

const gatherArchive = async (
  archive: ClickHouseArchive,
  options: Options,
  windowMs: number,
  say: (line: string) => void,
) => {
  const now = Date.now();
  const fromMs = options.since ? instantOf(options.since, now) : now - defaultSinceMs;
  const toMs = options.until ? instantOf(options.until, now) : now;
  if (fromMs >= toMs) throw new EbbtideError('REQUEST_INVALID', '--since must lie before --until');
  const malicious = new Map<string, Judgement[]>();
  for (const one of await judgementsOf(archive, fromMs, toMs, windowMs))
    if (one.verdict === 'maliciousActivity') malicious.set(one.subject, [...(malicious.get(one.subject) ?? []), one]);
  say(`${malicious.size} credentials were judged malicious for a time`);
  const collector = new SequenceCollector(
    { windowMs, ...(options.subjects === undefined ? {} : { mostSubjects: options.subjects }) },
    (subject, from, to) => (malicious.get(subject) ?? []).some((one) => one.fromMs < to && from < one.toMs),
  );
  for await (const call of archiveApiCalls(archive).calls(fromMs, toMs)) collector.take(call);
  return { collector, lineage: { kind: 'archive', fromMs, toMs } };
};

const gatherFile = async (path: string, options: Options, windowMs: number) => {
  const guilty = new Set<string>();
  const collector = new SequenceCollector(
    { windowMs, ...(options.subjects === undefined ? {} : { mostSubjects: options.subjects }) },
    (subject, start) => guilty.has(`${subject}\n${start}`),
  );
  for await (const { call, malicious } of fileApiCalls(path)) {
    if (malicious) guilty.add(`${call.frontendCredential}\n${Math.floor(call.time / windowMs) * windowMs}`);
    collector.take(call);
  }
  return { collector, lineage: { kind: 'file', path } };
};

const count = (sequences: readonly LabelledSequence[], malicious: boolean): string => {
  const those = sequences.filter((one) => one.malicious === malicious);
  const windows = those.reduce((sum, { vectors }) => sum + vectors.length, 0);
  return `${windows} windows of ${those.length} ${malicious ? 'malicious' : 'benign'} credentials`;
};

/** Train a scope model on API calls of the archive or of a file. */
export const run: Action<Options, [string]> = async ({ terminal, load }, options) => {
  const { from } = options;
  if (from.kind === 'shipped')
    throw new EbbtideError(
      'REQUEST_INVALID',
      'No recording of API calls ships: train the scope model --from archive or --from file=PATH; without training the model "default" needs no data',
    );
  const { config } = await load();
  const windowMs = options.window ?? config.policy.scope.windowMs;
  const seed = options.seed ?? 1;
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const archive =
    from.kind === 'archive'
      ? openArchive({
          ...config.clickhouse,
          url: addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url'),
        })
      : undefined;
  const progress = createProgress('Training');
  const started = performance.now();
  try {
    const { collector, lineage } =
      from.kind === 'file'
        ? await gatherFile(from.path, options, windowMs)
        : await gatherArchive(archive!, options, windowMs, terminal.say);
    const sequences = collector.finish();
    terminal.say(`API calls: ${count(sequences, false)}, ${count(sequences, true)}`);
    if (collector.passedOver.size > 0)
      terminal.say(`Note: ${collector.passedOver.size} more credentials were passed over; --subjects takes more`);
    const name = versionAt(new Date());
    const out = options.out ?? dataFolder('models', 'scope', name);
    const { head, benign } = trainScope(sequences, {
      version: name,
      seed,
      lineage: { ...lineage, windowMs, seed, code: version() },
      signal: abort.signal,
      onProgress: (done, total) => progress.update(done, total, done < total ? 'held-out part' : 'whole'),
      ...(options.epochs === undefined ? {} : { epochs: options.epochs }),
    });
    progress.stop();
    writeHead(out, head);
    const where = relative('.', out) || out;
    const result = {
      folder: out,
      version: head.version,
      supervised: head.supervised,
      metrics: { benignWindows: benign.length, byLinear: head.join[1], byNetwork: head.join[2] },
      durationMs: Math.round(performance.now() - started),
    };
    if (terminal.json) return terminal.printJson(result);
    terminal.print(`Scope model ${head.version} in ${where} after ${duration(result.durationMs)}`);
    terminal.print(
      head.supervised
        ? 'It was taught by labels what misuse is'
        : 'No label says what misuse is: it learned what is usual',
    );
    terminal.print(`scope.model: ${where} in the configuration puts it in force at the next start`);
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await archive?.close();
  }
};
