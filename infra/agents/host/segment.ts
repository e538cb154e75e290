import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { crc32 } from './crc32.ts';

/** A message that waits to be sent: Avro without a frame, since only the registry can tell the schema's id. */
export interface SpooledRecord {
  readonly key: string;
  readonly body: Buffer;
  /** Samples in it, 0 for a heartbeat. */
  readonly samples: number;
}

const frameBytes = 8;
/** Number of samples and length of the key, two bytes each. */
const recordHeadBytes = 4;
const magic = 0x45425331;

/** Bytes that a record takes in a segment. */
export const framedBytes = (record: SpooledRecord): number =>
  frameBytes + recordHeadBytes + Buffer.byteLength(record.key) + record.body.length;

const frame = (payload: Buffer): Buffer => {
  const framed = Buffer.allocUnsafe(frameBytes + payload.length);
  framed.writeUInt32LE(payload.length, 0);
  framed.writeUInt32LE(crc32(payload), 4);
  payload.copy(framed, frameBytes);
  return framed;
};

const frameRecord = ({ key, body, samples }: SpooledRecord): Buffer => {
  const keyBytes = Buffer.from(key);
  const head = Buffer.allocUnsafe(recordHeadBytes);
  head.writeUInt16LE(samples, 0);
  head.writeUInt16LE(keyBytes.length, 2);
  return frame(Buffer.concat([head, keyBytes, body]));
};

/** The payload of the frame at an offset, or undefined where none is whole. */
const payloadAt = (bytes: Buffer, offset: number): Buffer | undefined => {
  if (offset + frameBytes > bytes.length) return undefined;
  const end = offset + frameBytes + bytes.readUInt32LE(offset);
  if (end > bytes.length) return undefined;
  const payload = bytes.subarray(offset + frameBytes, end);
  return crc32(payload) === bytes.readUInt32LE(offset + 4) ? payload : undefined;
};

const parseRecord = (payload: Buffer): SpooledRecord => {
  const keyEnd = recordHeadBytes + payload.readUInt16LE(2);
  return {
    samples: payload.readUInt16LE(0),
    key: payload.toString('utf8', recordHeadBytes, keyEnd),
    body: payload.subarray(keyEnd),
  };
};

/** Bytes of an empty segment. */
export const segmentHeadBytes = (schema: string): number => 4 + frameBytes + Buffer.byteLength(schema);

/**
 * One file of the spool: a magic number and the writer's Avro schema, then records. Each is framed by its length and
 * CRC-32, so that a tail torn by a crash is seen and cut off.
 */
export class Segment {
  readonly number: number;
  readonly path: string;
  /** JSON of the Avro schema of its records. */
  readonly schema: string;
  #fd: number;
  #bytes: number;
  /** Samples not yet taken out. */
  samples = 0;
  records = 0;
  /** Where the first record not yet taken out begins. */
  readOffset: number;

  private constructor(number: number, path: string, schema: string, fd: number, bytes: number) {
    this.number = number;
    this.path = path;
    this.schema = schema;
    this.#fd = fd;
    this.#bytes = bytes;
    this.readOffset = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  static create(number: number, path: string, schema: string): Segment {
    const fd = openSync(path, 'wx+', 0o600);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(magic);
    const bytes = Buffer.concat([head, frame(Buffer.from(schema))]);
    try {
      writeAll(fd, bytes, 0);
    } catch (error) {
      closeSync(fd);
      unlinkSync(path);
      throw error;
    }
    return new Segment(number, path, schema, fd, bytes.length);
  }

  /**
   * Open a segment that is there, and cut off what is torn.
   *
   * @param from - offset before which everything has been sent; 0 for nothing
   * @returns the segment and the bytes that were cut off; no segment where not even its head is whole
   */
  static open(number: number, path: string, from: number): { segment?: Segment; tornBytes: number } {
    const bytes = readFileSync(path);
    const schema = bytes.length > 4 && bytes.readUInt32BE(0) === magic ? payloadAt(bytes, 4) : undefined;
    if (!schema) return { tornBytes: bytes.length };
    const start = segmentHeadBytes(schema.toString());
    const segment = new Segment(number, path, schema.toString(), openSync(path, 'r+'), start);
    for (let offset = start; ; offset = segment.#bytes) {
      const payload = payloadAt(bytes, offset);
      if (!payload || payload.length < recordHeadBytes) break;
      segment.#bytes = offset + frameBytes + payload.length;
      if (segment.#bytes <= from) segment.readOffset = segment.#bytes;
      else {
        segment.records++;
        segment.samples += payload.readUInt16LE(0);
      }
    }
    const tornBytes = bytes.length - segment.#bytes;
    if (tornBytes > 0) ftruncateSync(segment.#fd, segment.#bytes);
    return { segment, tornBytes };
  }

  /** @throws the system's error where the disk refuses; the segment is then as it was */
  append(record: SpooledRecord): void {
    const framed = frameRecord(record);
    try {
      writeAll(this.#fd, framed, this.#bytes);
    } catch (error) {
      ftruncateSync(this.#fd, this.#bytes);
      throw error;
    }
    this.#bytes += framed.length;
    this.records++;
    this.samples += record.samples;
  }

  /** Records from the first that is not taken out, at least one, within the limits; and where they end. */
  peek(mostRecords: number, mostBytes: number): { records: SpooledRecord[]; end: number } {
    const records: SpooledRecord[] = [];
    let end = this.readOffset;
    while (records.length < mostRecords && end < this.#bytes) {
      const head = this.#read(end, frameBytes);
      const length = head.readUInt32LE(0);
      if (records.length > 0 && end - this.readOffset + length > mostBytes) break;
      records.push(parseRecord(this.#read(end + frameBytes, length)));
      end += frameBytes + length;
    }
    return { records, end };
  }

  /** Everything before `end` has been sent. */
  consume(records: readonly SpooledRecord[], end: number): void {
    this.readOffset = end;
    this.records -= records.length;
    for (const record of records) this.samples -= record.samples;
  }

  sync(): void {
    fsyncSync(this.#fd);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  remove(): void {
    this.close();
    unlinkSync(this.path);
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#fd, bytes, 0, length, offset);
    return bytes;
  }
}

const writeAll = (fd: number, bytes: Buffer, position: number): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
};
