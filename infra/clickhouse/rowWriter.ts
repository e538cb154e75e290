const initialBytes = 16_384;

/**
 * Writes ClickHouse's RowBinary into one buffer that grows.
 *
 * A row that fails half-way is taken back with {@link rewind}, so that one bad record never spoils a batch.
 *
 * @example
 * const to = new RowWriter();
 * to.text('cred-1');
 * to.float64(0.25);
 * to.bytes(); // the body of INSERT INTO t (subject, score) FORMAT RowBinary
 */
export class RowWriter {
  #buffer = Buffer.allocUnsafe(initialBytes);
  #end = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#end;
  }

  /** What was written, without a copy: write no more afterwards. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  /** Forget everything after the first `length` bytes. */
  rewind(length: number): void {
    this.#end = length;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#end++] = value;
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#end = this.#buffer.writeInt32LE(value, this.#end);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#end = this.#buffer.writeUInt32LE(value, this.#end);
  }

  /** A 64-bit integer, signed or not, from a safe integer: faster than through a BigInt. */
  int64(value: number): void {
    this.#reserve(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#buffer.writeUInt32LE(value - high * 0x1_0000_0000, this.#end);
    this.#end = this.#buffer.writeInt32LE(high, this.#end + 4);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#end = this.#buffer.writeDoubleLE(value, this.#end);
  }

  /** A length, as LEB128. */
  count(value: number): void {
    this.#reserve(8);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.#buffer[this.#end++] = (rest % 0x80) | 0x80;
    this.#buffer[this.#end++] = rest;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.count(length);
    this.#reserve(length);
    this.#end += this.#buffer.write(value, this.#end, length);
  }

  blob(value: Uint8Array): void {
    this.count(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#end);
    this.#end += value.length;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#end + bytes));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
