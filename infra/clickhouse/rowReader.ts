/** Reads one value of a column. */
export type Decoder = (from: RowReader) => unknown;

/**
 * Reads ClickHouse's RowBinary out of one buffer.
 *
 * @throws {RangeError} where the buffer ends within a value
 */
export class RowReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** Whether everything was read. */
  get done(): boolean {
    return this.#at >= this.#buffer.length;
  }

  uint8(): number {
    return this.#buffer.readUInt8(this.#move(1));
  }

  uint32(): number {
    return this.#buffer.readUInt32LE(this.#move(4));
  }

  int32(): number {
    return this.#buffer.readInt32LE(this.#move(4));
  }

  /** A 64-bit integer within the safe ones. */
  int64(): number {
    const at = this.#move(8);
    return this.#buffer.readInt32LE(at + 4) * 0x1_0000_0000 + this.#buffer.readUInt32LE(at);
  }

  float64(): number {
    return this.#buffer.readDoubleLE(this.#move(8));
  }

  /** A length or count: LEB128. */
  count(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.uint8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  text(): string {
    const length = this.count();
    const at = this.#move(length);
    return this.#buffer.toString('utf8', at, at + length);
  }

  #move(bytes: number): number {
    const at = this.#at;
    this.#at = at + bytes;
    return at;
  }
}

const plain: Readonly<Record<string, Decoder>> = {
  String: (from) => from.text(),
  Bool: (from) => from.uint8() === 1,
  UInt32: (from) => from.uint32(),
  Int32: (from) => from.int32(),
  Int64: (from) => from.int64(),
  UInt64: (from) => from.int64(),
  Float64: (from) => from.float64(),
  "DateTime64(3, 'UTC')": (from) => from.int64(),
};

/**
 * The decoder of a column type that the archive has; instants are epoch milliseconds.
 *
 * @throws {TypeError} for other types
 */
export const decoderOf = (type: string): Decoder => {
  const known = plain[type];
  if (known) return known;
  const [, nullable] = /^Nullable\((.*)\)$/.exec(type) ?? [];
  if (nullable !== undefined) {
    const inner = decoderOf(nullable);
    return (from) => (from.uint8() === 1 ? null : inner(from));
  }
  const [, value] = /^Map\(String, (.*)\)$/.exec(type) ?? [];
  if (value === undefined) throw new TypeError(`No decoder for ClickHouse type ${type}`);
  const inner = decoderOf(value);
  return (from) => {
    const map: Record<string, unknown> = {};
    for (let left = from.count(); left > 0; left--) {
      const key = from.text();
      map[key] = inner(from);
    }
    return map;
  };
};
