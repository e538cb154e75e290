import type avsc from 'avsc';
import { EbbtideError } from '../../schemas/errors.ts';
import type { RowWriter } from './rowWriter.ts';

/** Writes one value of an Avro type as RowBinary. */
export interface Encoder {
  /** ClickHouse type that the bytes are read as; a column may wrap it in LowCardinality. */
  readonly type: string;
  /** @throws {EbbtideError} `RECORD_TIME_IMPLAUSIBLE` for a time that ClickHouse cannot hold */
  write(to: RowWriter, value: unknown): void;
  /** The type's zero value, for the columns of a tombstone. */
  writeEmpty(to: RowWriter): void;
}

/** One field of a record as a column. */
export interface Column {
  /** Field of the record, camelCase. */
  readonly field: string;
  /** Column of the table, snake_case. */
  readonly name: string;
  readonly encoder: Encoder;
}

/** First and last epoch millisecond of DateTime64(3): 1900-01-01 to 2299-12-31. */
export const instantRange = { fromMs: -2_208_988_800_000, toMs: 10_413_791_999_999 } as const;

const scalar = <T>(type: string, empty: T, write: (to: RowWriter, value: T) => void): Encoder => ({
  type,
  write: write as Encoder['write'],
  writeEmpty: (to) => write(to, empty),
});

const text = scalar('String', '', (to, value: string) => to.text(value));
const float = scalar('Float64', 0, (to, value: number) => to.float64(value));

/** Column type of every instant: milliseconds, UTC. */
export const instant = scalar("DateTime64(3, 'UTC')", 0, (to, value: number) => {
  if (!(value >= instantRange.fromMs && value <= instantRange.toMs))
    throw new EbbtideError(
      'RECORD_TIME_IMPLAUSIBLE',
      `Time ${value} is not an epoch millisecond between the years 1900 and 2299; check the sender's clock and units`,
      { time: value },
    );
  to.int64(value);
});

const scalars: Readonly<Record<string, Encoder>> = {
  string: text,
  boolean: scalar('Bool', false, (to, value: boolean) => to.uint8(value ? 1 : 0)),
  int: scalar('Int32', 0, (to, value: number) => to.int32(value)),
  long: scalar('Int64', 0, (to, value: number) => to.int64(value)),
  float,
  double: float,
  bytes: scalar('String', Buffer.alloc(0), (to, value: Buffer) => to.blob(value)),
};

/** The same type with NULL for null and undefined. */
export const nullable = (inner: Encoder): Encoder => ({
  type: inner.type.startsWith('Nullable(') ? inner.type : `Nullable(${inner.type})`,
  write(to, value) {
    if (value === null || value === undefined) return to.uint8(1);
    if (!inner.type.startsWith('Nullable(')) to.uint8(0);
    inner.write(to, value);
  },
  writeEmpty: (to) => to.uint8(1),
});

const array = (item: Encoder): Encoder => ({
  type: `Array(${item.type})`,
  write(to, value) {
    const items = value as readonly unknown[];
    to.count(items.length);
    for (const one of items) item.write(to, one);
  },
  writeEmpty: (to) => to.count(0),
});

const map = (item: Encoder): Encoder => ({
  type: `Map(String, ${item.type})`,
  write(to, value) {
    const entries = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(entries);
    to.count(keys.length);
    for (const key of keys) {
      to.text(key);
      item.write(to, entries[key]);
    }
  },
  writeEmpty: (to) => to.count(0),
});

const tuple = (columns: readonly Column[]): Encoder => ({
  type: `Tuple(${columns.map(({ name, encoder }) => `${name} ${encoder.type}`).join(', ')})`,
  write: (to, value) => writeRecord(columns, to, value as Readonly<Record<string, unknown>>),
  writeEmpty: (to) => writeEmptyRecord(columns, to),
});

/** Write a record's columns in order. */
export const writeRecord = (
  columns: readonly Column[],
  to: RowWriter,
  record: Readonly<Record<string, unknown>>,
): void => {
  for (const { field, encoder } of columns) encoder.write(to, record[field]);
};

/** Write the zero value of each column. */
export const writeEmptyRecord = (columns: readonly Column[], to: RowWriter): void => {
  for (const { encoder } of columns) encoder.writeEmpty(to);
};

/**
 * The encoder of an Avro type.
 *
 * @throws {TypeError} for a type that the archive has no column for
 */
export const encoderOf = (schema: avsc.Schema): Encoder => {
  if (typeof schema === 'string' && schema in scalars) return scalars[schema]!;
  if (Array.isArray(schema)) {
    const [first, second, ...more] = schema;
    if (first === 'null' && second !== undefined && more.length === 0) return nullable(encoderOf(second));
  }
  const { type, logicalType, values, items, fields } = schema as unknown as Readonly<Record<string, never>>;
  if (logicalType === 'timestamp-millis') return instant;
  if (type === 'enum') return text;
  if (type === 'map') return map(encoderOf(values!));
  if (type === 'array') return array(encoderOf(items!));
  if (type === 'record') return tuple(columnsOf({ fields: fields! }));
  throw new TypeError(`No column type for Avro type ${JSON.stringify(schema)}: add one to infra/clickhouse/columns.ts`);
};

/** A record schema's fields, in the form in which generated schemas have them. */
export interface RecordFields {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[];
}

/** `windowEnd` → `window_end`. */
export const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * The columns of a record's fields, in order.
 *
 * @param only - fields wanted; all when absent
 */
export const columnsOf = (record: RecordFields, only: (field: string) => boolean = () => true): readonly Column[] =>
  record.fields
    .filter(({ name }) => only(name))
    .map(({ name, type }) => ({ field: name, name: snakeCase(name), encoder: encoderOf(type as avsc.Schema) }));
