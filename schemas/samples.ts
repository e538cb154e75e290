import type { Type } from 'avsc';
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

/**
 * Samples of many messages as one table: row-major, `1 + metrics` columns, the first of them the time in epoch
 * milliseconds. A missing value is NaN.
 */
export class SampleTable {
  readonly width: number;
  rows = 0;
  values: Float64Array;

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
 * Reads one message's body into a table.
 *
 * @param body - Avro body without Confluent's frame
 * @returns the key; the rows are appended to `table`
 * @throws {EbbtideError} `RECORD_MALFORMED` when the bytes are not valid Avro, `RECORD_OUT_OF_RANGE` for NaN, infinite
 *   or negative values; `table` is then as it was before
 */
export type SampleReader = (body: Uint8Array, table: SampleTable) => string;

/** Position in the bytes of one message. */
class Cursor {
  bytes: Uint8Array = new Uint8Array();
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  column = 0;

  open(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = 0;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError('truncated');
    return byte;
  }

  /** A zig-zag varint (Avro int or long); exact up to 2^53. */
  long(): number {
    let byte = this.byte();
    let low = byte & 0x7f;
    let shift = 7;
    while (byte & 0x80 && shift < 28) {
      byte = this.byte();
      low |= (byte & 0x7f) << shift;
      shift += 7;
    }
    if (!(byte & 0x80)) return low & 1 ? -(low >>> 1) - 1 : low >>> 1;
    let high = 0;
    let scale = 1;
    while (byte & 0x80) {
      byte = this.byte();
      high += (byte & 0x7f) * scale;
      scale *= 128;
      if (scale > 2 ** 42) throw new RangeError('varint too long');
    }
    const magnitude = high * 2 ** 27 + (low >>> 1);
    if (magnitude > Number.MAX_SAFE_INTEGER) throw new RangeError('long beyond 2^53');
    return low & 1 ? -magnitude - 1 : magnitude;
  }

  skip(count: number): void {
    if (count < 0 || this.at + count > this.bytes.length) throw new RangeError('truncated');
    this.at += count;
  }

  string(): string {
    const length = this.long();
    const start = this.at;
    this.skip(length);
    if (length < 64) {
      let text = '';
      for (let i = start; i < this.at; i++) {
        const byte = this.bytes[i]!;
        if (byte > 0x7f) return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  double(): number {
    const value = this.view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  float(): number {
    const value = this.view.getFloat32(this.at, true);
    this.at += 4;
    return value;
  }

  /** Blocks of an Avro array or map: `each` is called for every item. */
  blocks(each: () => void): void {
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) {
        count = -count;
        this.long();
      }
      if (count > this.bytes.length - this.at) throw new RangeError('block longer than the message');
      for (let i = 0; i < count; i++) each();
    }
  }
}

interface AnyType {
  typeName: string;
  fields?: { name: string; type: AnyType }[];
  itemsType?: AnyType;
  valuesType?: AnyType;
  types?: AnyType[];
  underlyingType?: AnyType;
  size?: number;
  symbols?: string[];
}

const plain = (type: AnyType): AnyType => (type.underlyingType ? plain(type.underlyingType) : type);

/** A function that moves past a value of a type. */
const skipper = (cursor: Cursor, raw: AnyType): (() => void) => {
  const type = plain(raw);
  switch (type.typeName) {
    case 'null':
      return () => {};
    case 'boolean':
      return () => void cursor.skip(1);
    case 'int':
    case 'long':
    case 'enum':
      return () => void cursor.long();
    case 'float':
      return () => cursor.skip(4);
    case 'double':
      return () => cursor.skip(8);
    case 'bytes':
    case 'string':
      return () => cursor.skip(cursor.long());
    case 'fixed':
      return () => cursor.skip(type.size!);
    case 'array': {
      const item = skipper(cursor, type.itemsType!);
      return () => cursor.blocks(item);
    }
    case 'map': {
      const value = skipper(cursor, type.valuesType!);
      return () =>
        cursor.blocks(() => {
          cursor.skip(cursor.long());
          value();
        });
    }
    case 'record': {
      const fields = type.fields!.map((field) => skipper(cursor, field.type));
      return () => {
        for (const field of fields) field();
      };
    }
    case 'union:wrapped':
    case 'union:unwrapped': {
      const branches = type.types!.map((branch) => skipper(cursor, branch));
      return () => branchOf(cursor, branches)();
    }
    default:
      throw new EbbtideError('SCHEMA_INCOMPATIBLE', `Cannot read past an Avro ${type.typeName}`, {
        type: type.typeName,
      });
  }
};

const branchOf = <T>(cursor: Cursor, branches: readonly T[]): T => {
  const branch = branches[cursor.long()];
  if (branch === undefined) throw new RangeError('no such branch of the union');
  return branch;
};

/** A function that reads a number; null becomes NaN. */
const numberReader = (cursor: Cursor, raw: AnyType, name: string): (() => number) => {
  const type = plain(raw);
  const finite = (read: () => number) => () => {
    const value = read();
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new OutOfRange(name, value);
    return value;
  };
  switch (type.typeName) {
    case 'null':
      return () => Number.NaN;
    case 'int':
    case 'long':
      return finite(() => cursor.long());
    case 'float':
      return finite(() => cursor.float());
    case 'double':
      return finite(() => cursor.double());
    case 'union:wrapped':
    case 'union:unwrapped': {
      const branches = type.types!.map((branch) => numberReader(cursor, branch, name));
      return () => branchOf(cursor, branches)();
    }
    default:
      throw new EbbtideError('SCHEMA_INCOMPATIBLE', `Field ${name} is an Avro ${type.typeName}, expected a number`, {
        name,
      });
  }
};

class OutOfRange extends Error {
  readonly field: string;
  readonly value: number;
  constructor(field: string, value: number) {
    super(`${field} is ${value}, expected a finite number, 0 and up`);
    this.field = field;
    this.value = value;
  }
}

/**
 * Compile a reader that projects a writer's records onto columns without building an object a sample: the reading of
 * samples is where the time of a job goes. Fields that the writer does not have are missing (NaN).
 *
 * @param writer - the schema that the records were written with
 * @throws {EbbtideError} `SCHEMA_INCOMPATIBLE` when the writer has no such key or samples
 * @example
 * const read = compileSampleReader(avro.Type.forSchema(ResourceTelemetrySchema), resourceLayout);
 * const table = new SampleTable(resourceLayout.metrics.length);
 * const credentialId = read(body, table);
 */
export const compileSampleReader = (writer: Type, layout: SampleLayout): SampleReader => {
  const cursor = new Cursor();
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

  let table: SampleTable;
  let row = 0;
  const steps = sample.fields.map((field) => {
    const column = field.name === layout.time ? 0 : layout.metrics.indexOf(field.name) + 1;
    if (column === 0 && field.name !== layout.time) return skipper(cursor, field.type);
    const read = numberReader(cursor, field.type, field.name);
    return () => {
      table.values[row + column] = read();
    };
  });
  const absent = layout.metrics.flatMap((name, index) =>
    sample.fields!.some((field) => field.name === name) ? [] : [index + 1],
  );
  const readSample = () => {
    row = table.next();
    for (let i = 0; i < absent.length; i++) table.values[row + absent[i]!] = Number.NaN;
    for (let i = 0; i < steps.length; i++) steps[i]!();
  };
  let key = '';
  const fields = root.fields.map((field) => {
    if (field.name === layout.key)
      return () => {
        key = cursor.string();
      };
    return field === samples ? () => cursor.blocks(readSample) : skipper(cursor, field.type);
  });

  return (body, into) => {
    table = into;
    const rows = into.rows;
    cursor.open(body);
    try {
      for (const field of fields) field();
      if (cursor.at !== body.length) throw new RangeError(`${body.length - cursor.at} bytes too many`);
      return key;
    } catch (cause) {
      into.rows = rows;
      if (cause instanceof OutOfRange)
        throw new EbbtideError(
          'RECORD_OUT_OF_RANGE',
          `Sample refused: ${cause.message}`,
          { field: cause.field },
          cause,
        );
      throw new EbbtideError(
        'RECORD_MALFORMED',
        `Message of ${body.length} bytes is not valid Avro of ${writer.name}: ${(cause as Error).message}`,
        {},
        cause,
      );
    }
  };
};
