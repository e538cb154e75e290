import type { InputMessage } from '../../operators/batch.ts';
import { cutAt, type HistoricPart, type History, type ReplayRange } from '../../pipelines/replay/history.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Control, Credential, Label } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import {
  type ClusterOptions,
  call,
  connectConsumer,
  consume,
  disconnect,
  type NativeConsumer,
} from '../kafka/client.ts';
import type { Message } from '../kafka/types.ts';
import { describeRange } from './range.ts';
import { factsOf, HistoricTables } from './tables.ts';

/** Offsets of one partition: where reading begins, where the range begins, and the first after it. */
interface Span {
  readonly partition: number;
  readonly start: number;
  readonly from: number;
  readonly end: number;
}

const timeoutMs = 15_000;
let histories = 0;

/**
 * What Kafka still holds, read by a consumer that belongs to no group: it is assigned its partitions, and commits
 * nothing.
 *
 * @param batchSize - messages at once, 1 and up
 * @throws {EbbtideError} `DATA_MISSING` where nothing was received in the range, `KAFKA_UNAVAILABLE`
 */
export const openKafkaHistory = async (
  { kafka, registry }: AppContext,
  cluster: ClusterOptions,
  range: ReplayRange,
  batchSize: number,
): Promise<History> => {
  const topic = topics.telemetryResource.name;
  const partitions = await kafka.partitionsOf(topic);
  const consumer = await connectConsumer(cluster, {
    'group.id': `ebbtide-replay-${process.pid}-${histories++}`,
    'enable.partition.eof': true,
    'queued.max.messages.kbytes': 32_768,
    'fetch.message.max.bytes': 2_097_152,
  });
  try {
    const spans = await spansOf(consumer, topic, partitions, range);
    const inRange = spans.reduce((sum, { from, end }) => sum + end - from, 0);
    if (inRange === 0) throw await nothingThere(consumer, topic, spans, range);
    const tables = new HistoricTables();
    const warnings = await readTables({ kafka, registry }, tables);
    return {
      messages: spans.reduce((sum, { start, end }) => sum + end - start, 0),
      partitions: spans.filter(({ start, end }) => start < end).map(({ partition }) => partition),
      warnings,
      control: tables.control,
      credentials: (partition) => tables.credentials(partition),
      labels: tables.labels,
      missing: () => 0,
      batches: () => read(consumer, topic, spans, batchSize),
      close: () => disconnect(consumer),
    };
  } catch (error) {
    await disconnect(consumer);
    throw error;
  }
};

/** First offsets received at or after a time; the end where there is none. */
const offsetsAt = async (
  consumer: NativeConsumer,
  topic: string,
  ends: readonly { readonly lowOffset: number; readonly highOffset: number }[],
  time: number,
): Promise<number[]> => {
  if (time <= 0) return ends.map(({ lowOffset }) => lowOffset);
  if (!Number.isFinite(time)) return ends.map(({ highOffset }) => highOffset);
  const found = await call<{ partition: number; offset: number }[]>('Cannot look up offsets by time', (done) =>
    consumer.offsetsForTimes(
      ends.map((_, partition) => ({ topic, partition, offset: Math.floor(time) })) as never,
      timeoutMs,
      done as never,
    ),
  );
  const byPartition = new Map(found.map(({ partition, offset }) => [partition, offset]));
  return ends.map(({ lowOffset, highOffset }, partition) => {
    const offset = byPartition.get(partition) ?? -1;
    return offset < 0 ? highOffset : Math.min(Math.max(offset, lowOffset), highOffset);
  });
};

const spansOf = async (
  consumer: NativeConsumer,
  topic: string,
  partitions: number,
  { from, to, warmUpMs }: ReplayRange,
): Promise<Span[]> => {
  const ends = await Promise.all(
    Array.from({ length: partitions }, (_, partition) =>
      call<{ lowOffset: number; highOffset: number }>(`Cannot read the offsets of ${topic}`, (done) =>
        consumer.queryWatermarkOffsets(topic, partition, timeoutMs, done as never),
      ),
    ),
  );
  const starts = await offsetsAt(consumer, topic, ends, from - warmUpMs);
  const firsts = await offsetsAt(consumer, topic, ends, from);
  const lasts = await offsetsAt(consumer, topic, ends, to);
  return ends.map((_, partition) => {
    const first = firsts[partition]!;
    return { partition, start: starts[partition]!, from: first, end: Math.max(first, lasts[partition]!) };
  });
};

const nothingThere = async (
  consumer: NativeConsumer,
  topic: string,
  spans: readonly Span[],
  { from, to }: ReplayRange,
): Promise<EbbtideError> => {
  const asked = `No telemetry was received between ${describeRange(from, to)} on ${topic}`;
  const marks = await Promise.all(
    spans.map(({ partition }) =>
      call<{ lowOffset: number; highOffset: number }>('Cannot read offsets', (done) =>
        consumer.queryWatermarkOffsets(topic, partition, timeoutMs, done as never),
      ),
    ),
  );
  const held = marks.reduce((sum, { lowOffset, highOffset }) => sum + highOffset - lowOffset, 0);
  const advice =
    held === 0
      ? 'the topic is empty; ask the archive with --source archive'
      : `Kafka holds ${held} messages of other times; widen --from and --to, or ask the archive with --source archive`;
  return new EbbtideError('DATA_MISSING', `${asked}: ${advice}`, { from, to, held });
};

const readTables = async (
  { kafka, registry }: Pick<AppContext, 'kafka' | 'registry'>,
  tables: HistoricTables,
): Promise<string[]> => {
  const controls = await TopicCodec.open<Control>(topics.control, registry);
  const credentials = await TopicCodec.open<Credential>(topics.credentials, registry);
  const labels = await TopicCodec.open<Label>(topics.labels, registry);
  const compacted = new Map<string, number>();
  const next = new Map<string, number>();
  let unreadable = 0;
  const apply = async ({ topic, partition, offset, key, value }: Message) => {
    const text = key?.toString('utf8') ?? '';
    if (topic === topics.labels.name) {
      if (value) tables.labels.push(await labels.read(value));
      return;
    }
    const place = `${topic}/${partition}`;
    const gap = offset - (next.get(place) ?? 0);
    if (gap > 0) compacted.set(topic, (compacted.get(topic) ?? 0) + gap);
    next.set(place, offset + 1);
    if (topic === topics.credentials.name)
      tables.credentials(partition).set(text, offset, value ? factsOf(await credentials.read(value)) : undefined);
    else if (partition === 0) tables.control.set(text, offset, value ? await controls.read(value) : undefined);
  };
  const tail = await kafka.tail({
    topics: [topics.control.name, topics.credentials.name, topics.labels.name],
    from: 'beginning',
  });
  try {
    for await (const messages of tail.batches()) {
      if (messages.length === 0) break;
      for (const message of messages)
        try {
          await apply(message);
        } catch (error) {
          if (!(error instanceof EbbtideError) || error.code === 'KAFKA_UNAVAILABLE') throw error;
          unreadable++;
        }
    }
  } finally {
    await tail.close();
  }
  const warnings = [...compacted].map(
    ([topic, count]) =>
      `Kafka has compacted ${count} older records of ${topic} away, so decisions that they led to may come out otherwise; the archive keeps them (--source archive)`,
  );
  if (unreadable > 0)
    warnings.push(`${unreadable} records of control, credentials and labels cannot be read and are passed over`);
  return warnings;
};

/** Read all partitions at once; the next messages are fetched while these are processed. */
async function* read(
  consumer: NativeConsumer,
  topic: string,
  spans: readonly Span[],
  batchSize: number,
): AsyncGenerator<HistoricPart[]> {
  const open = new Map(spans.filter(({ start, end }) => start < end).map((span) => [span.partition, span]));
  consumer.on('partition.eof', (({ partition, offset }: { partition: number; offset: number }) => {
    if (offset >= (open.get(partition)?.end ?? Number.POSITIVE_INFINITY)) open.delete(partition);
  }) as never);
  consumer.assign([...open.values()].map(({ partition, start }) => ({ topic, partition, offset: start })) as never);
  let fetching = consume(consumer, batchSize) as Promise<Message[]>;
  for (;;) {
    const messages = await fetching;
    if (messages.length === 0 && open.size === 0) return;
    const byPartition = new Map<number, InputMessage[]>();
    for (const message of messages) {
      const { partition, offset } = message;
      const span = spans[partition]!;
      if (offset < span.end) {
        const list = byPartition.get(partition);
        if (list) list.push(message);
        else byPartition.set(partition, [message]);
      }
      if (offset >= span.end - 1 && open.delete(partition) && open.size > 0)
        consumer.pause([{ topic, partition }] as never);
    }
    const last = open.size === 0;
    if (!last) {
      fetching = consume(consumer, batchSize) as Promise<Message[]>;
      fetching.catch(() => {});
    }
    const parts = [...byPartition].flatMap(([partition, list]) => cutAt(partition, list, spans[partition]!.from));
    if (parts.length > 0) yield parts;
    if (last) return;
  }
}
