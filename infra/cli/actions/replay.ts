import { writeFileSync } from 'node:fs';
import { fromEventPattern, take } from 'rxjs';
import { type Gate, parseGate } from '../../../pipelines/replay/gate.ts';
import { type Figures, figureNames } from '../../../pipelines/replay/report.ts';
import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import { type ClickHouseArchive, openArchive } from '../../clickhouse/client.ts';
import type { Config } from '../../config/config.ts';
import { embedded } from '../../config/connections.ts';
import { nearest } from '../../config/nearest.ts';
import { parseAgainst } from '../../replay/against.ts';
import { openArchiveHistory } from '../../replay/archiveHistory.ts';
import { environmentOf } from '../../replay/environment.ts';
import { type Condition, htmlReport } from '../../replay/html/page.ts';
import { openKafkaHistory } from '../../replay/kafkaHistory.ts';
import { openModel } from '../../replay/model.ts';
import { readPolicyFile } from '../../replay/policyFile.ts';
import { parseTime } from '../../replay/range.ts';
import { runReplay } from '../../replay/run.ts';
import { fileSink, noSink, type Sink, tableSink } from '../../replay/sinks.ts';
import { printReport } from '../../replay/terminalReport.ts';
import { topicSink } from '../../replay/topicSink.ts';
import { checkTopics } from '../../replay/topicsOption.ts';
import { addressOf, clusterOf, connect, openRegistry } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import type { Action } from '../invocation.ts';
import { createProgress } from '../progress.ts';
import { duration } from '../terminal.ts';

interface Options {
  readonly topics: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly warmUp: string;
  readonly model?: string;
  readonly policy?: string;
  readonly against?: string;
  readonly source?: 'kafka' | 'archive';
  readonly out?: string;
  readonly html?: string;
  readonly failIf?: readonly string[];
  readonly skipUnreadable?: boolean;
  readonly threads?: number;
  readonly batch: number;
}

/** Replay the past, report, and fail where a condition holds. */
export const run: Action<Options, [string | undefined]> = async (invocation, options, folder) => {
  if (options.from === 'cloudtrail') return (await import('./replay-cloudtrail.ts')).run(invocation, options, folder);
  if (folder !== undefined)
    throw new EbbtideError('REQUEST_INVALID', `Argument ${folder} is of --from cloudtrail, which was not given`);
  const { terminal, load } = invocation;
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  // Mock brokers know no times
  const source = options.source ?? (config.kafka.brokers === embedded ? 'archive' : 'kafka');
  const now = Date.now();
  checkTopics(options.topics);
  const range = rangeOf(options, now);
  const against = options.against === undefined ? undefined : parseAgainst(options.against);
  const gates = (options.failIf ?? []).map((text) => parseGate(text, figureNames(against !== undefined), nearest));
  const specOf = (model: string | undefined, policyFile: string | undefined) => ({
    model: model ?? config.lifecycle.model,
    followsPromotions: model === undefined,
    ...(policyFile === undefined ? {} : { policy: readPolicyFile(policyFile) }),
  });
  const here = specOf(options.model, options.policy);
  const there = against && specOf(against.model, against.policyFile);
  // A model that does not fit is said before anything is asked of a server
  for (const { model } of there ? [here, there] : [here])
    await (await openModel(model, config.policy.lifecycle.windowMs, config.models)).close();
  const place = parseOut(options.out, now);

  const closing: (() => Promise<unknown>)[] = [];
  const interrupted = fromEventPattern<unknown>(
    (handler) => process.once('SIGINT', handler),
    (handler) => process.off('SIGINT', handler),
  ).pipe(take(1));
  const progress = createProgress('Replaying');
  let sink: Sink = noSink;
  let complete = false;
  try {
    const archive = source === 'archive' || place.kind === 'table' ? openConfiguredArchive(config) : undefined;
    if (archive) closing.push(() => archive.close());
    const needsKafka = source === 'kafka' || place.kind === 'topic';
    const connected = needsKafka ? await connect(config, 'replay') : undefined;
    if (connected) closing.push(connected.close);
    const registry = connected?.context.registry ?? openRegistry(config);
    const cluster = {
      brokers: connected?.context.kafka.brokers ?? '',
      settings: config.kafka.settings,
    };
    const history =
      source === 'archive'
        ? await openArchiveHistory(registry, archive!, clusterOf(config), range, options.batch)
        : await openKafkaHistory(connected!.context, cluster, range, options.batch);
    closing.push(() => history.close());
    for (const warning of history.warnings) terminal.say(`Note: ${warning}`);
    if (place.kind === 'file') sink = await fileSink(place.name);
    else if (place.kind === 'topic')
      sink = await topicSink({ kafka: connected!.context.kafka, cluster, registry }, place.name, there ? 2 : 1);
    else if (place.kind === 'table') {
      await archive!.prepare();
      sink = tableSink(archive!, place.name);
    }
    const { createLogger } = await import('../../log.ts');
    terminal.say(`Replaying ${history.messages.toLocaleString('en')} messages from ${source}`);
    const began = performance.now();
    const { report, modelVersions } = await runReplay({
      registry,
      models: config.models,
      log: connected?.context.log ?? createLogger('replay'),
      history,
      here,
      ...(there ? { against: there } : {}),
      sink,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      skipUnreadable: options.skipUnreadable ?? false,
      stopping: interrupted,
      progressed(messages, samples) {
        const ms = performance.now() - began;
        const left = (ms / messages) * Math.max(0, history.messages - messages);
        const rate = Math.round((samples / ms) * 1000).toLocaleString('en');
        progress.update(
          Math.min(messages, history.messages),
          history.messages,
          `${rate} samples/s, ${duration(left)} left`,
        );
      },
    });
    progress.stop();
    complete = true;
    await sink.close(true);
    sink = noSink;
    const tookMs = performance.now() - began;
    const environment = environmentOf({
      range,
      source,
      out: sink.description,
      tookMs,
      modelVersions,
      here,
      against: there,
      warnings: history.warnings,
    });
    const conditions = gates.map((gate) => judge(gate, report.figures));
    if (options.html !== undefined) writeHtml(options.html, htmlReport(report, environment, conditions));
    if (terminal.json) terminal.printJson({ name: 'replay', figures: report.figures, environment, conditions });
    else printReport(terminal, report, environment);
    const failed = conditions.filter(({ holds }) => holds !== false);
    for (const { text, holds, why } of failed)
      terminal.say(holds ? `Failed, for this holds: ${text} (${shown(text, report.figures)})` : `Failed: ${why}`);
    return failed.length > 0 ? exitCodes.failed : exitCodes.ok;
  } finally {
    progress.stop();
    await sink.close(complete);
    for (const close of closing.toReversed()) await close();
  }
};

/** Judge a condition; one that cannot be judged does not pass. */
const judge = (gate: Gate, figures: Figures): Condition => {
  try {
    return { text: gate.text, holds: gate.holds(figures) };
  } catch (error) {
    if (!isEbbtideError(error, 'DATA_MISSING')) throw error;
    return { text: gate.text, holds: null, why: error.message };
  }
};

/** The figures that a condition names, with their values. */
const shown = (text: string, figures: Figures): string =>
  [...new Set(text.match(/[A-Za-z]\w*/g) ?? [])]
    .filter((name) => Object.hasOwn(figures, name))
    .map((name) => `${name} is ${figures[name]}`)
    .join(', ');

const rangeOf = ({ from, to, warmUp }: Options, now: number) => {
  const first = from === undefined ? 0 : parseTime(from, now, '--from');
  const last = to === undefined || to === 'now' ? Number.POSITIVE_INFINITY : parseTime(to, now, '--to');
  if (!(first < last))
    throw new EbbtideError('REQUEST_INVALID', `--from must lie before --to, got ${from} and ${to ?? 'now'}`, {
      from,
      to,
    });
  const warmUpMs = warmUp === 'all' ? Number.POSITIVE_INFINITY : now - parseTime(warmUp, now, '--warm-up');
  return { from: first, to: last, warmUpMs };
};

const parseOut = (
  text: string | undefined,
  now: number,
): { kind: 'none' } | { kind: 'topic' | 'table' | 'file'; name: string } => {
  if (text === undefined) return { kind: 'none' };
  const [, kind, name] = /^(topic|table|file)(?::(.+))?$/.exec(text) ?? [];
  if (kind === 'topic' || kind === 'table')
    return { kind, name: name ?? `replay-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}` };
  if (kind === 'file' && name !== undefined) return { kind, name };
  throw new EbbtideError(
    'REQUEST_INVALID',
    `--out must be topic, topic:NAME, table, table:NAME or file:PATH, got ${JSON.stringify(text)}`,
    { value: text },
  );
};

const openConfiguredArchive = (config: Config): ClickHouseArchive =>
  openArchive({ ...config.clickhouse, url: addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url') });

const writeHtml = (path: string, page: string): void => {
  try {
    writeFileSync(path, page);
  } catch (cause) {
    throw new EbbtideError('REQUEST_INVALID', `Cannot write ${path}: ${(cause as Error).message}`, { path }, cause);
  }
};
