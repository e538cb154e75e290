import { concatMap, type OperatorFunction } from 'rxjs';
import { type EbbtideError, isEbbtideError } from '../schemas/errors.ts';
import type { InputBatch, InputMessage, Rejected } from './batch.ts';

/** A record, and the message that it was read from or comes of. */
export interface BatchRecord<T> {
  readonly message: InputMessage;
  readonly value: T;
}

/** Records that travel down a chain together; see {@link InputBatch}. */
export interface RecordBatch<T> {
  readonly source: InputBatch;
  readonly records: readonly BatchRecord<T>[];
  /** Messages that could not be processed; they become dead letters. */
  readonly rejected: readonly Rejected[];
}

/** Reads framed records; a `TopicCodec` is one. */
export interface RecordReader<T> {
  read(bytes: Buffer): Promise<T>;
}

/**
 * Decode each message of a batch. A message that cannot be decoded is rejected alone; tombstones are left out.
 *
 * @param reader - knows the writers' schemas
 * @throws {EbbtideError} `REGISTRY_UNAVAILABLE` where a schema cannot be had now: the batch is read again
 */
export const decodeRecords = <T>(reader: RecordReader<T>): OperatorFunction<InputBatch, RecordBatch<T>> =>
  concatMap(async (source) => {
    const records: BatchRecord<T>[] = [];
    const rejected: Rejected[] = [];
    for (const message of source.messages) {
      if (message.value === null) continue;
      try {
        records.push({ message, value: await reader.read(message.value) });
      } catch (error) {
        if (!isEbbtideError(error) || !unreadable.has(error.code)) throw error;
        rejected.push({ message, error });
      }
    }
    return { source, records, rejected };
  });

/** Failures that stay with the message, however often it is read. */
const unreadable: ReadonlySet<EbbtideError['code']> = new Set([
  'RECORD_MALFORMED',
  'RECORD_OUT_OF_RANGE',
  'SCHEMA_UNKNOWN',
  'SCHEMA_INCOMPATIBLE',
]);
