import { EbbtideError } from './errors.ts';

/** Position in the bytes of one message. */
export class AvroCursor {
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;

  open(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
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
    return this.bytes.toString('utf8', start, this.at);
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

export interface AnyType {
  typeName: string;
  fields?: { name: string; type: AnyType }[];
  itemsType?: AnyType;
  valuesType?: AnyType;
  types?: AnyType[];
  underlyingType?: AnyType;
  size?: number;
  symbols?: string[];
}

/** A type without its logical layer. */
export const plain = (type: AnyType): AnyType => (type.underlyingType ? plain(type.underlyingType) : type);

/** A function that moves past a value of a type. */
export const skipper = (cursor: AvroCursor, raw: AnyType): (() => void) => {
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

const branchOf = <T>(cursor: AvroCursor, branches: readonly T[]): T => {
  const branch = branches[cursor.long()];
  if (branch === undefined) throw new RangeError('no such branch of the union');
  return branch;
};
