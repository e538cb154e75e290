import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import { crc32 } from './crc32.ts';
import { lockFile } from './lock.ts';
import { framedBytes, Segment, type SpooledRecord, segmentHeadBytes } from './segment.ts';

/** Records taken for sending. Exactly one of {@link Spool.commit} and {@link Spool.release} must follow. */
export interface Lease {
  readonly records: readonly SpooledRecord[];
  /** JSON of the Avro schema that they were written with. */
  readonly schema: string;
  readonly segment: Segment;
  readonly end: number;
}

/** What the spool does with what. */
export interface SpoolOptions {
  readonly folder: string;
  /** Most bytes on disk. */
  readonly limitBytes: number;
  /** JSON of the Avro schema of what is appended. */
  readonly schema: string;
  /** Bytes after which a new segment begins; by default a sixteenth of the limit, from 32 KiB to 1 MiB. */
  readonly segmentBytes?: number;
}

const segmentName = /^\d{10}\.spool$/;

/**
 * A queue of records on disk: in order, bounded, safe against a crash of the process at any moment.
 *
 * A crash between sending and {@link commit} sends again (at least once). Where the limit is reached the oldest
 * segment is given up, and its samples are counted. Power loss may cost what the system had not yet written.
 *
 * @example
 * const spool = new Spool({ folder, limitBytes: 67_108_864, schema: JSON.stringify(ResourceTelemetrySchema) });
 * spool.append(record);
 * const lease = spool.take(500, 524_288);
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  readonly #cursor: number;
  readonly #unlock: () => void;
  #next = 1;
  #writable = false;
  #lease: Lease | undefined;
  #leaseGivenUp = false;
  #bytes = 0;
  /** Samples that were given up since the start. */
  givenUpSamples = 0;
  /** Bytes cut off at the start because a crash had torn them. */
  readonly tornBytes: number;

  /** @throws {EbbtideError} `CONFIG_INVALID` where another agent uses the folder */
  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#segmentBytes =
      options.segmentBytes ?? Math.max(32_768, Math.min(1_048_576, Math.floor(options.limitBytes / 16)));
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#unlock = lockFile(join(options.folder, 'lock'));
    const cursorPath = join(options.folder, 'cursor');
    const cursor = readCursor(cursorPath);
    this.#cursor = openSync(cursorPath, 'a+', 0o600);
    closeSync(this.#cursor);
    this.#cursor = openSync(cursorPath, 'r+');
    this.tornBytes = this.#restore(cursor);
  }

  /** Records that wait. */
  get records(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.records, 0);
  }

  /** Samples that wait. */
  get samples(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.samples, 0);
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @throws the system's error where the disk refuses, {@link EbbtideError} `SPOOL_FULL` where the record alone is
   * larger than the limit; the record is then not in the spool, and nothing else is lost
   */
  append(record: SpooledRecord): void {
    const bytes = framedBytes(record);
    const last = this.#segments.at(-1);
    const begins = !last || !this.#writable || last.bytes + bytes > this.#segmentBytes;
    const needed = bytes + (begins ? segmentHeadBytes(this.#options.schema) : 0);
    if (needed > this.#options.limitBytes)
      throw new EbbtideError(
        'SPOOL_FULL',
        `A record of ${bytes} bytes does not fit a spool of ${this.#options.limitBytes}; raise agent.spoolBytes`,
        { bytes },
      );
    while (this.#bytes + needed > this.#options.limitBytes && this.#segments.length > 0) this.#giveUp();
    const segment = this.#segments.length === 0 || begins ? this.#begin() : last;
    segment.append(record);
    this.#bytes += bytes;
  }

  /** The oldest records, at least one, all of one schema; undefined where none waits. */
  take(mostRecords: number, mostBytes: number): Lease | undefined {
    if (this.#lease) throw new Error('The lease before was neither committed nor released');
    const segment = this.#segments.find(({ records }) => records > 0);
    if (!segment) return undefined;
    const { records, end } = segment.peek(mostRecords, mostBytes);
    this.#lease = { records, end, segment, schema: segment.schema };
    this.#leaseGivenUp = false;
    return this.#lease;
  }

  /** The records of a lease have been sent. */
  commit(lease: Lease): void {
    this.#lease = undefined;
    if (this.#leaseGivenUp) return;
    lease.segment.consume(lease.records, lease.end);
    while (this.#segments[0] && this.#segments[0].records === 0) this.#remove();
    this.#writeCursor(lease.segment.number, lease.end);
  }

  /** The records of a lease could not be sent; they are the oldest again. */
  release(lease: Lease): void {
    this.#lease = undefined;
    if (this.#leaseGivenUp) for (const record of lease.records) this.givenUpSamples += record.samples;
  }

  /** Write everything through to the disk and let another take the folder. */
  close(): void {
    for (const segment of this.#segments) {
      segment.sync();
      segment.close();
    }
    closeSync(this.#cursor);
    this.#unlock();
  }

  #begin(): Segment {
    const path = join(this.#options.folder, `${String(this.#next).padStart(10, '0')}.spool`);
    const segment = Segment.create(this.#next++, path, this.#options.schema);
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
    this.#writable = true;
    return segment;
  }

  #giveUp(): void {
    const oldest = this.#segments[0]!;
    this.givenUpSamples += oldest.samples;
    if (this.#lease?.segment === oldest && !this.#leaseGivenUp) {
      // What is being sent is given up only if it does not arrive.
      this.#leaseGivenUp = true;
      for (const record of this.#lease.records) this.givenUpSamples -= record.samples;
    }
    this.#remove();
  }

  #remove(): void {
    const oldest = this.#segments.shift()!;
    this.#bytes -= oldest.bytes;
    oldest.remove();
    if (this.#segments.length === 0) this.#writable = false;
  }

  #restore(cursor: { segment: number; offset: number }): number {
    let tornBytes = 0;
    const { folder } = this.#options;
    const numbers = readdirSync(folder)
      .filter((name) => segmentName.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
    for (const number of numbers) {
      const path = join(folder, `${String(number).padStart(10, '0')}.spool`);
      const from = number < cursor.segment ? Number.POSITIVE_INFINITY : number === cursor.segment ? cursor.offset : 0;
      const opened = Segment.open(number, path, from);
      tornBytes += opened.tornBytes;
      if (!opened.segment) {
        unlinkSync(path);
        continue;
      }
      this.#segments.push(opened.segment);
      this.#bytes += opened.segment.bytes;
    }
    this.#next = Math.max(cursor.segment, numbers.at(-1) ?? 0) + 1;
    while (this.#segments[0]?.records === 0) this.#remove();
    return tornBytes;
  }

  #writeCursor(segment: number, offset: number): void {
    const bytes = Buffer.alloc(20);
    bytes.writeDoubleLE(segment, 0);
    bytes.writeDoubleLE(offset, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16);
    writeSync(this.#cursor, bytes, 0, bytes.length, 0);
  }
}

const readCursor = (path: string): { segment: number; offset: number } => {
  try {
    const bytes = readFileSync(path);
    if (bytes.length === 20 && bytes.readUInt32LE(16) === crc32(bytes.subarray(0, 16)))
      return { segment: bytes.readDoubleLE(0), offset: bytes.readDoubleLE(8) };
  } catch {
    // None yet: everything that is there waits.
  }
  return { segment: 0, offset: 0 };
};
