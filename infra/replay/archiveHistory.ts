import { cutAt, type HistoricPart, type History, type ReplayRange } from '../../pipelines/replay/history.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Control, Credential, Label, ResourceTelemetry } from '../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import { topicHistory } from '../clickhouse/history.ts';
import { logMessages, logSpans } from '../clickhouse/telemetryLog.ts';
import { describeRange } from './range.ts';
import { factsOf, HistoricTables } from './tables.ts';

/** Partitions read at the same time: each holds two pieces of its log in memory. */
const concurrentPartitions = 4;

interface Span {
  readonly partition: number;
  readonly start: number;
  readonly from: number;
  readonly end: number;
}

/**
 * What the archive holds, rebuilt into the messages that it was.
 *
 * @param cluster - name of the Kafka cluster that the messages came from (`archive.cluster`)
 * @param batchSize - messages at once, 1 and up
 * @throws {EbbtideError} `DATA_MISSING` where nothing was received in the range; `CLICKHOUSE_UNAVAILABLE`,
 * `CLICKHOUSE_REJECTED`
 */
export const openArchiveHistory = async (
  registry: SchemaRegistry,
  archive: ClickHouseArchive,
  cluster: string,
  { from, to, warmUpMs }: ReplayRange,
  batchSize: number,
): Promise<History> => {
  await archive.ping();
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, registry);
  const found = await logSpans(archive, cluster, [from - warmUpMs, from, to]);
  const spans = found.map(({ partition, offsets: [start, first, last], end }): Span => {
    const until = last ?? end;
    return { partition, start: Math.min(start ?? until, until), from: Math.min(first ?? until, until), end: until };
  });
  if (spans.every((span) => span.from >= span.end))
    throw new EbbtideError(
      'DATA_MISSING',
      `No telemetry was received between ${describeRange(from, to)} on ${topics.telemetryResource.name} of cluster ${cluster}: ${
        found.length === 0
          ? 'the archive holds none; see that ebbtide run archive runs, and archive.cluster'
          : 'the archive holds messages of other times; widen --from and --to'
      }`,
      { from, to, cluster },
    );
  const tables = new HistoricTables();
  const warnings = await fillTables(archive, cluster, tables);
  let missing = 0;
  return {
    messages: spans.reduce((sum, { start, end }) => sum + end - start, 0),
    partitions: spans.filter(({ start, end }) => start < end).map(({ partition }) => partition),
    warnings,
    control: tables.control,
    credentials: (partition) => tables.credentials(partition),
    labels: tables.labels,
    missing: () => missing,
    async *batches() {
      const waiting = spans.filter(({ start, end }) => start < end);
      const open: AsyncGenerator<HistoricPart[]>[] = [];
      const next = () => {
        const span = waiting.shift();
        if (span)
          open.push(
            partsOf(
              logMessages(archive, cluster, codec, span.partition, span.start, span.end),
              span,
              batchSize,
              (gap) => {
                missing += gap;
              },
            ),
          );
      };
      while (open.length < concurrentPartitions && waiting.length > 0) next();
      while (open.length > 0) {
        const steps = await Promise.all(open.map(async (one) => ({ one, step: await one.next() })));
        const parts: HistoricPart[] = [];
        for (const { one, step } of steps) {
          if (!step.done) parts.push(...step.value);
          else {
            open.splice(open.indexOf(one), 1);
            next();
          }
        }
        if (parts.length > 0) yield parts;
      }
    },
    close: async () => {},
  };
};

/** Cut a partition's messages into batches, and count offsets that are not there. */
async function* partsOf(
  pieces: ReturnType<typeof logMessages>,
  { partition, start, from, end }: Span,
  batchSize: number,
  gap: (offsets: number) => void,
): AsyncGenerator<HistoricPart[]> {
  let expected = start;
  for await (const messages of pieces) {
    for (const { offset } of messages) {
      if (offset > expected) gap(offset - expected);
      expected = offset + 1;
    }
    for (let at = 0; at < messages.length; at += batchSize)
      yield cutAt(partition, messages.slice(at, at + batchSize), from);
  }
  if (end > expected) gap(end - expected);
}

const fillTables = async (archive: ClickHouseArchive, cluster: string, tables: HistoricTables): Promise<string[]> => {
  for await (const { offset, partition, key, record } of topicHistory<Control>(archive, cluster, 'control'))
    if (partition === 0) tables.control.set(key, offset, record);
  for await (const { offset, partition, key, record } of topicHistory<Credential>(archive, cluster, 'credentials'))
    tables.credentials(partition).set(key, offset, record && factsOf(record));
  for await (const { record } of topicHistory<Label>(archive, cluster, 'labels'))
    if (record) tables.labels.push(record);
  return tables.control.position === 0
    ? ['The archive holds nothing of control, so the default policy is in force throughout']
    : [];
};
