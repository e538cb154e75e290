import { EbbtideError } from '../../schemas/errors.ts';
import type { Message } from '../kafka/types.ts';
import { RowWriter } from './rowWriter.ts';
import { type ArchiveTable, archivedTopics, type TopicRows } from './tables.ts';
import type { RowBatch } from './types.ts';

const byTopic = new Map<string, TopicRows>(archivedTopics.map((rows) => [rows.topic.name, rows]));

/**
 * Without a timestamp a broker says -1, and a producer's own clock may say anything. Beyond this, the end of retention
 * would not fit into ClickHouse's DateTime and wrap round into the past.
 */
const latestBrokerTimeMs = Date.UTC(2050, 0, 1);

/** Rows of one table, as RowBinary. */
export interface TableRows {
  readonly table: ArchiveTable;
  readonly body: Buffer;
  readonly rows: number;
}

/** Collects rows in memory, one buffer a table. */
export class RowBinaryBatch implements RowBatch {
  readonly #cluster: string;
  readonly #tables = new Map<ArchiveTable, { writer: RowWriter; rows: number }>();

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  get rows(): number {
    return this.#sum(({ rows }) => rows);
  }

  get bytes(): number {
    return this.#sum(({ writer }) => writer.length);
  }

  get counts(): ReadonlyMap<string, number> {
    return new Map([...this.#tables].map(([table, { rows }]) => [table.name, rows]));
  }

  add(message: Message, record: unknown): void {
    const topic = byTopic.get(message.topic);
    if (!topic) throw new TypeError(`Topic ${message.topic} is not archived`);
    const before = new Map(topic.tables.map((table) => [table, this.#state(table)]));
    try {
      const begin = (table: ArchiveTable): RowWriter => this.#begin(table, message);
      if (record !== null) topic.write(record, begin);
      else if (topic.writeTombstone) topic.writeTombstone(message.key?.toString() ?? '', begin);
      else
        throw new EbbtideError(
          'RECORD_MALFORMED',
          `Message on ${message.topic} has no value, and the topic is not compacted`,
          {
            topic: message.topic,
          },
        );
    } catch (error) {
      for (const [table, { length, rows }] of before) this.#restore(table, length, rows);
      throw error;
    }
  }

  /** What to insert; tables without rows are left out. */
  *byTable(): Generator<TableRows> {
    for (const [table, { writer, rows }] of this.#tables) if (rows > 0) yield { table, body: writer.bytes(), rows };
  }

  #begin(table: ArchiveTable, message: Message): RowWriter {
    const entry = this.#tables.get(table) ?? { writer: new RowWriter(), rows: 0 };
    this.#tables.set(table, entry);
    entry.rows++;
    const { writer } = entry;
    writer.text(this.#cluster);
    writer.uint32(message.partition);
    writer.int64(message.offset);
    writer.int64(Math.min(Math.max(message.timestamp, 0), latestBrokerTimeMs));
    return writer;
  }

  #state(table: ArchiveTable): { length: number; rows: number } {
    const entry = this.#tables.get(table);
    return { length: entry?.writer.length ?? 0, rows: entry?.rows ?? 0 };
  }

  #restore(table: ArchiveTable, length: number, rows: number): void {
    const entry = this.#tables.get(table);
    if (!entry) return;
    entry.writer.rewind(length);
    entry.rows = rows;
  }

  #sum(of: (entry: { writer: RowWriter; rows: number }) => number): number {
    let total = 0;
    for (const entry of this.#tables.values()) total += of(entry);
    return total;
  }
}
