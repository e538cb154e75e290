import type { Type } from 'avsc';
import { type AnyType, AvroCursor, plain, skipper } from './avroCursor.ts';
import { EbbtideError } from './errors.ts';

/** Which fields of a telemetry record a {@link SampleReader} takes. */
export interface SampleLayout {
  /** String field that names whom the samples are about. */
  readonly key: string;
  /** Field that holds the array of samples. */
  readonly samples: string;
  /** Field of a sample that holds its event time, epoch milliseconds. */
  readonly time: string;
  /** Numeric fields of a sample, in the order of the columns. */
  readonly metrics: readonly string[];
}

/** A sample that was left out: where it stands in its message, and what was wrong with it. */
export interface RefusedSample {
  /** From 0. */
  readonly index: number;
  readonly field: string;
  /** NaN, infinite or negative. */
  readonly value: number;
}

/**
 * Samples of many messages as one table: row-major, `1 + metrics` columns, the first of them the time in epoch
 * milliseconds. A missing value is NaN.
 */
export class SampleTable {
  readonly width: number;
  rows = 0;
  values: Float64Array;
  /** Samples of the message read last that were left out. */
  refused: readonly RefusedSample[] = [];

  /** @param metrics - number of metric columns, 1 and up */
  constructor(metrics: number, capacity = 1024) {
    this.width = metrics + 1;
    this.values = new Float64Array(capacity * this.width);
  }

  /** Make room for one more row and return where it begins. */
  next(): number {
    const start = this.rows * this.width;
    if (start + this.width > this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.rows++;
    return start;
  }
}

/**
 * Reads one message's body into a table. A sample with a NaN, infinite or negative value is left out and listed in
 * `table.refused`; the others are taken.
 *
 * @param bytes - a message
 * @param start - where its Avro body begins, after Confluent's frame
 * @returns the key; the rows are appended to `table`
 * @throws {EbbtideError} `RECORD_MALFORMED` when the bytes are not valid Avro; `table` has then the rows it had before
 */
export type SampleReader = (bytes: Buffer, start: number, table: SampleTable) => string;

const none: RefusedSample[] = [];

/** What generated code may call. */
interface Runtime {
  readonly cursor: AvroCursor;
  readonly skips: readonly (() => void)[];
  /** @param row - where the sample's row begins in the table's values */
  refuse(field: string, value: number, row: number): void;
  malformed(): never;
}

/**
 * The statements that read a zig-zag varint of up to eight bytes, 2^55 and below, into a variable; a longer one is left
 * to the cursor. Beyond the end of the message they read zeros: the position then says that it was cut short.
 */
const readLong = (into: string): string =>
  `b = bytes[at++]; low = b & 127; n = 7;
  while (b & 128 && n < 28) { b = bytes[at++]; low |= (b & 127) << n; n += 7; }
  if (b & 128) {
    first = at - 4; high = 0; n = 0;
    do { b = bytes[at++]; high |= (b & 127) << n; n += 7; } while (b & 128 && n < 28);
    if (b & 128 || high >= 67108864) { c.at = first; ${into} = c.long(); at = c.at; }
    else { ${into} = high * 134217728 + (low >>> 1); if (low & 1) ${into} = -${into} - 1; }
  } else ${into} = low & 1 ? -(low >>> 1) - 1 : low >>> 1;`;

/** The statements that read one field of a sample into `values[row + column]`; `at` is the position. */
const readField = (raw: AnyType, name: string, column: number): string => {
  const type = plain(raw);
  const store = (read: string) =>
    `v = ${read}; if (!(v >= 0 && v < Infinity)) r.refuse(${JSON.stringify(name)}, v, row); values[row + ${column}] = v;`;
  switch (type.typeName) {
    case 'null':
      return `values[row + ${column}] = NaN;`;
    case 'double':
      return `${store('view.getFloat64(at, true)')} at += 8;`;
    case 'float':
      return `${store('view.getFloat32(at, true)')} at += 4;`;
    case 'int':
    case 'long':
      return `${readLong('v')} if (!(v >= 0)) r.refuse(${JSON.stringify(name)}, v, row); values[row + ${column}] = v;`;
    case 'union:wrapped':
    case 'union:unwrapped': {
      // Branches are numbered by a zig-zag varint: one byte, as no union has more than 63.
      const branches = type.types!.map(
        (branch, index) => `case ${index * 2}: ${readField(branch, name, column)} break;`,
      );
      return `switch (bytes[at++]) { ${branches.join(' ')} default: r.malformed(); }`;
    }
    default:
      throw new EbbtideError('SCHEMA_INCOMPATIBLE', `Field ${name} is an Avro ${type.typeName}, expected a number`, {
        name,
      });
  }
};

/**
 * Generate the function that reads one sample, as `avsc` does for whole records: straight code without a call or an
 * object a field. Nothing of a message enters the code, only names and types of its schema.
 */
const compileSample = (
  fields: readonly { name: string; type: AnyType }[],
  layout: SampleLayout,
  runtime: Runtime,
  skips: (() => void)[],
): ((values: Float64Array, row: number) => void) => {
  const absent = layout.metrics.flatMap((name, index) =>
    fields.some((field) => field.name === name) ? [] : [`values[row + ${index + 1}] = NaN;`],
  );
  const steps = fields.map(({ name, type }) => {
    const column = name === layout.time ? 0 : layout.metrics.indexOf(name) + 1;
    if (column > 0 || name === layout.time) return readField(type, name, column);
    skips.push(skipper(runtime.cursor, type));
    // An empty array or map is a zero byte.
    const emptyIsZero = ['array', 'map'].includes(plain(type).typeName);
    return `${emptyIsZero ? 'if (bytes[at] === 0) at++; else ' : ''}{ c.at = at; r.skips[${skips.length - 1}](); at = c.at; }`;
  });
  const body = `const c = r.cursor; return (values, row) => { const bytes = c.bytes, view = c.view; let at = c.at, v = 0, b = 0, low = 0, high = 0, n = 0, first = 0; ${[...absent, ...steps].join('\n')} c.at = at; };`;
  return new Function('r', body)(runtime);
};

/**
 * Compile a reader that projects a writer's records onto columns without building an object a sample: the reading of
 * samples is where the time of a job goes. Fields that the writer does not have are missing (NaN).
 *
 * @param writer - the schema that the records were written with
 * @throws {EbbtideError} `SCHEMA_INCOMPATIBLE` when the writer has no such key or samples
 * @example
 * const read = compileSampleReader(avro.Type.forSchema(ResourceTelemetrySchema), resourceLayout);
 * const table = new SampleTable(resourceLayout.metrics.length);
 * const credentialId = read(message, frameBytes, table);
 */
export const compileSampleReader = (writer: Type, layout: SampleLayout): SampleReader => {
  const cursor = new AvroCursor();
  const root = writer as unknown as AnyType;
  const samples = root.fields?.find((field) => field.name === layout.samples);
  const sample = samples && plain(samples.type).itemsType;
  if (!sample?.fields || !root.fields?.some((field) => field.name === layout.key))
    throw new EbbtideError(
      'SCHEMA_INCOMPATIBLE',
      `Schema ${writer.name} has no ${layout.key} with an array of ${layout.samples}`,
      {
        schema: writer.name,
      },
    );

  const skips: (() => void)[] = [];
  let refused = none;
  let firstRow = 0;
  const runtime: Runtime = {
    cursor,
    skips,
    refuse: (field, value, row) => {
      if (table.rows * table.width === row) return;
      // The row is given back at once: what is still written into it is overwritten by the next sample
      table.rows--;
      if (refused === none) refused = [];
      refused.push({ index: table.rows - firstRow + refused.length, field, value });
    },
    malformed: () => {
      throw new RangeError('no such branch of the union');
    },
  };
  const readSample = compileSample(sample.fields, layout, runtime, skips);
  let table: SampleTable;
  let key = '';
  const fields = root.fields.map((field) => {
    if (field.name === layout.key)
      return () => {
        key = cursor.string();
      };
    return field === samples
      ? () =>
          cursor.blocks(() => {
            const row = table.next();
            readSample(table.values, row);
          })
      : skipper(cursor, field.type);
  });

  return (bytes, start, into) => {
    table = into;
    const rows = into.rows;
    refused = none;
    firstRow = rows;
    cursor.open(bytes, start);
    try {
      for (const field of fields) field();
      if (cursor.at !== bytes.length)
        throw new RangeError(cursor.at < bytes.length ? `${bytes.length - cursor.at} bytes too many` : 'truncated');
      into.refused = refused;
      return key;
    } catch (cause) {
      into.rows = rows;
      into.refused = none;
      throw new EbbtideError(
        'RECORD_MALFORMED',
        `Message of ${bytes.length} bytes is not valid Avro of ${writer.name}: ${(cause as Error).message}`,
        {},
        cause,
      );
    }
  };
};
