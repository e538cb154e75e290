import { VersionedTable } from '../../pipelines/versionedTable.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { type Patience, readPatiently } from '../kafka/readPatiently.ts';
import type { Message, Tail } from '../kafka/types.ts';
import { TableMarks } from './tableMarks.ts';

/** Topic `control`, and a topic that lies in partitions as the telemetry does, as tables that are kept up to date. */
export interface Tables<V> {
  readonly control: VersionedTable<Control>;
  /** The table of one partition of the other topic. */
  beside(partition: number): VersionedTable<V>;
  /** The tables of all partitions of which something was read. */
  all(): Iterable<VersionedTable<V>>;
  /**
   * Forget what nobody asks for any more: what was replaced before the offset that a partition is joined at, and of partitions
   * that others hold, what was replaced hours ago.
   *
   * @param joinedAt - offset of the topic by partition held
   */
  forget(joinedAt: ReadonlyMap<number, number>): void;
  /** Resolves once what was there at the start has been read. */
  readonly caughtUp: Promise<void>;
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Wait until a setting that was written has been read back. It may have been read before sending is known to have
 * succeeded, and others may write meanwhile: only the setting itself says that it is there.
 */
export const readBack = async (control: VersionedTable<Control>, key: string, version: string): Promise<void> => {
  const isIt = (setting: Control) => setting.version === version;
  while (!control.lastAt(key, Number.POSITIVE_INFINITY, isIt)) await control.reached(control.position + 1);
};

/** Who is told of what is read. */
export interface Told {
  /** Of each record of `control`. */
  heard?(control: Control): void;
  /** Of each record that can never be read, by topic. */
  passedOver?(topic: string): void;
}

/** Who is told of values of the other topic's tables that nobody can ask for any more. */
export interface Forgetting<V> {
  forgotten?(value: V): void;
}

/**
 * Follow the topics that a pipeline joins its telemetry with. While the schema registry does not answer, following
 * waits: every instance sees the same tables, and no kill switch is missed.
 *
 * @param topic - beside `control`
 * @param valueIn - what a table holds of a record, given what it held of its key; the same again is no new version
 */
export const openTables = async <R, V>(
  { kafka, registry, log }: AppContext,
  topic: TopicSpec,
  valueIn: (record: R, before: V | undefined) => V,
  told: Told & Forgetting<V> = {},
): Promise<Tables<V>> => {
  const limits = { now: () => performance.now() };
  const controls = await TopicCodec.open<Control>(topics.control, registry, limits);
  const records = await TopicCodec.open<R>(topic, registry, limits);
  const control = new VersionedTable<Control>();
  const byPartition = new Map<number, VersionedTable<V>>();
  const tableOf = (partition: number) => {
    let table = byPartition.get(partition);
    if (!table) {
      table = new VersionedTable<V>((value) => told.forgotten?.(value));
      byPartition.set(partition, table);
    }
    return table;
  };
  const marks = new TableMarks(limits.now);
  const forgotten = new Map<number, number>();
  const tail: Tail = await kafka.tail({ topics: [topics.control.name, topic.name], from: 'beginning' });

  const stopping = new AbortController();
  const patience: Patience = {
    signal: stopping.signal,
    onRetry: (error, waitMs) => log.warn({ error: (error as Error).message, waitMs }, 'record cannot be read yet'),
  };

  const apply = async (message: Message) => {
    const key = message.key?.toString('utf8') ?? '';
    if (message.topic === topics.control.name) {
      // Only the first partition is ordered as a whole; nothing is written to others.
      if (message.partition !== 0) return;
      const record = message.value ? await readPatiently(controls, message.value, patience) : undefined;
      if (record) told.heard?.(record);
      control.set(key, message.offset, record);
      return;
    }
    const table = tableOf(message.partition);
    const before = table.at(key, Number.POSITIVE_INFINITY);
    const record = message.value ? await readPatiently(records, message.value, patience) : undefined;
    const value = record && valueIn(record, before);
    if (value !== undefined && value === before) table.reach(message.offset + 1);
    else table.set(key, message.offset, value);
  };

  const follow = async () => {
    for await (const messages of tail.batches()) {
      for (const message of messages) {
        try {
          await apply(message);
        } catch (error) {
          if (stopping.signal.aborted) return;
          if (!isEbbtideError(error)) throw error;
          told.passedOver?.(message.topic);
          const table = message.topic === topics.control.name ? control : tableOf(message.partition);
          if (message.topic !== topics.control.name || message.partition === 0) table.reach(message.offset + 1);
          log.error(
            {
              topic: message.topic,
              partition: message.partition,
              offset: message.offset,
              error: (error as Error).message,
            },
            'record passed over',
          );
        }
      }
    }
  };
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  follow().catch(fail);

  return {
    control,
    beside: tableOf,
    forget(joinedAt) {
      for (const [partition, table] of byPartition) {
        const longAgo = marks.longAgo(partition, table.position);
        const before = joinedAt.get(partition) ?? longAgo;
        if (before <= (forgotten.get(partition) ?? 0)) continue;
        table.prune(before);
        forgotten.set(partition, before);
      }
    },
    all: () => byPartition.values(),
    caughtUp: tail.caughtUp,
    failed,
    close: () => {
      stopping.abort();
      return tail.close();
    },
  };
};
