import { ResourceTelemetrySchema } from '../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import {
  type Column,
  columnsOf,
  nullable,
  type RecordFields,
  snakeCase,
  writeEmptyRecord,
  writeRecord,
} from './columns.ts';
import type { RowWriter } from './rowWriter.ts';

/** A table that rows are inserted into, and the columns that its rows carry after the four of {@link logColumns}. */
export interface ArchiveTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** Where a row was read: what makes rows unique, and puts them back in order for replay. */
export const logColumns = [
  { name: 'kafka_cluster', type: 'String' },
  { name: 'kafka_partition', type: 'UInt32' },
  { name: 'kafka_offset', type: 'UInt64' },
  { name: 'kafka_time', type: "DateTime64(3, 'UTC')" },
] as const;

/** Starts a row of a table: writes its {@link logColumns} and returns where its own columns go. */
export type BeginRow = (table: ArchiveTable) => RowWriter;

/** How one topic's records become rows. */
export interface TopicRows {
  readonly topic: TopicSpec;
  readonly tables: readonly ArchiveTable[];
  write(record: unknown, begin: BeginRow): void;
  /** Rows of a tombstone; undefined where the topic can have none. */
  writeTombstone?(key: string, begin: BeginRow): void;
}

type Fields = Readonly<Record<string, unknown>>;

const named = (columns: readonly Column[]) => columns.map(({ name, encoder }) => ({ name, type: encoder.type }));
const tableOf = (topic: TopicSpec): string => `${snakeCase(topic.name).replaceAll(/[.-]/g, '_')}_raw`;

/** One row a record. */
const plain = (topic: TopicSpec): TopicRows => {
  const columns = columnsOf(topic.schema as unknown as RecordFields);
  const table: ArchiveTable = { name: tableOf(topic), columns: named(columns) };
  return { topic, tables: [table], write: (record, begin) => writeRecord(columns, begin(table), record as Fields) };
};

/** One row a version of a key in a compacted topic; a tombstone is a row with `deleted` and nothing but its key. */
const compacted = (topic: TopicSpec): TopicRows => {
  const columns = columnsOf(topic.schema as unknown as RecordFields);
  const [key, ...rest] = columns;
  if (key?.field !== topic.key)
    throw new TypeError(`Field ${topic.key} must come first in the schema of ${topic.name}`);
  const table: ArchiveTable = { name: tableOf(topic), columns: [{ name: 'deleted', type: 'Bool' }, ...named(columns)] };
  return {
    topic,
    tables: [table],
    write(record, begin) {
      const row = begin(table);
      row.uint8(0);
      writeRecord(columns, row, record as Fields);
    },
    writeTombstone(text, begin) {
      const row = begin(table);
      row.uint8(1);
      key.encoder.write(row, text);
      writeEmptyRecord(rest, row);
    },
  };
};

/** One row a sample; a message without samples (a heartbeat) or with a clock is a row of `telemetry_clock_raw`. */
const resourceTelemetry = (): TopicRows => {
  const topic = topics.telemetryResource;
  const { fields } = ResourceTelemetrySchema as unknown as { fields: { name: string; type: never }[] };
  const field = (name: string): never => fields.find((one) => one.name === name)!.type;
  const head = columnsOf({ fields }, (name) => name !== 'samples' && name !== 'clock');
  const sample = columnsOf((field('samples') as { items: RecordFields }).items);
  const clock = columnsOf((field('clock') as readonly [null, RecordFields])[1]).map((column) => ({
    ...column,
    encoder: nullable(column.encoder),
  }));
  const samples: ArchiveTable = {
    name: tableOf(topic),
    columns: [...named(head), { name: 'sample_index', type: 'UInt32' }, ...named(sample)],
  };
  const clocks: ArchiveTable = { name: 'telemetry_clock_raw', columns: [...named(head), ...named(clock)] };
  return {
    topic,
    tables: [samples, clocks],
    write(record, begin) {
      const message = record as Fields & { samples: readonly Fields[]; clock: Fields | null };
      for (const [index, one] of message.samples.entries()) {
        const row = begin(samples);
        writeRecord(head, row, message);
        row.uint32(index);
        writeRecord(sample, row, one);
      }
      if (message.samples.length > 0 && message.clock === null) return;
      const row = begin(clocks);
      writeRecord(head, row, message);
      writeRecord(clock, row, message.clock ?? {});
    },
  };
};

/** One row a record; a clock record is a row of a table of its own. */
const withClock = (topic: TopicSpec, clockTable: string): TopicRows => {
  const { fields } = topic.schema as unknown as { fields: { name: string; type: never }[] };
  const own = columnsOf({ fields }, (name) => name !== 'clock');
  const { type } = fields.find(({ name }) => name === 'clock')! as { type: readonly [null, RecordFields] };
  const clock = columnsOf(type[1]);
  const rows: ArchiveTable = { name: tableOf(topic), columns: named(own) };
  const clocks: ArchiveTable = { name: clockTable, columns: named(clock) };
  return {
    topic,
    tables: [rows, clocks],
    write(record, begin) {
      const message = record as Fields & { clock: Fields | null };
      if (message.clock) writeRecord(clock, begin(clocks), message.clock);
      else writeRecord(own, begin(rows), message);
    },
  };
};

/**
 * One row a burst whose features are open. Sealed ones are not archived: erasing their user's key must erase them
 * everywhere. Nor are the records that begin sessions and clock records, which hold no behaviour.
 */
const biometricTelemetry = (): TopicRows => {
  const topic = topics.telemetryBiometric;
  const archived = ['user', 'session', 'time', 'modality', 'features', 'featureHash', 'purpose'];
  const columns = columnsOf(topic.schema as unknown as RecordFields, (name) => archived.includes(name));
  const table: ArchiveTable = { name: tableOf(topic), columns: named(columns) };
  return {
    topic,
    tables: [table],
    write(record, begin) {
      const { sealed, issued, clock } = record as Fields;
      if (!sealed && !issued && !clock) writeRecord(columns, begin(table), record as Fields);
    },
  };
};

/**
 * Every archived topic.
 *
 * Baselines and authentications are of the key host alone. `state.*` is not among them: a changelog holds nothing that replaying telemetry, control, credentials and labels
 * would not compute again, and its records would be the largest of all.
 */
export const archivedTopics: readonly TopicRows[] = [
  compacted(topics.credentials),
  resourceTelemetry(),
  withClock(topics.telemetryApi, 'telemetry_api_clock_raw'),
  withClock(topics.telemetryAccess, 'telemetry_access_clock_raw'),
  biometricTelemetry(),
  plain(topics.scores),
  plain(topics.decisions),
  plain(topics.effects),
  compacted(topics.translations),
  compacted(topics.scopeOverrides),
  compacted(topics.provisions),
  compacted(topics.machines),
  compacted(topics.control),
  plain(topics.labels),
  compacted(topics.investigations),
  plain(topics.actions),
  plain(topics.approvals),
  plain(topics.alerts),
  compacted(topics.threatIndicators),
  plain(topics.notifications),
  plain(topics.signals),
  plain(topics.deadLetters),
];
