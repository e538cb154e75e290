import { map, type OperatorFunction } from 'rxjs';
import { EbbtideError } from '../schemas/errors.ts';
import type { DeadLetter } from '../schemas/generated/index.ts';
import type { TopicSpec } from '../schemas/topics.ts';
import type { OutputBatch, OutputRecord } from './batch.ts';
import { deadLetterOf } from './deadLetter.ts';
import type { RecordBatch } from './decodeRecords.ts';

/** Encodes records of one topic; a `TopicCodec` is one. */
export interface RecordWriter<T> {
  readonly topic: TopicSpec;
  encode(value: T): Buffer;
}

/** Where the records of a chain go, and those of its messages that could not be processed. */
export interface RecordOutput<T> {
  readonly writer: RecordWriter<T>;
  readonly deadLetters: RecordWriter<DeadLetter>;
  /** Name of the pipeline, for dead letters. */
  readonly pipeline: string;
  /** What was read. */
  readonly from: { readonly topic: string; readonly partition: number };
}

/**
 * Encode what has become of a batch. Each record is keyed by the field that its topic names, and goes to the partition of
 * that key's hash.
 *
 * @throws {EbbtideError} `RECORD_OUT_OF_RANGE` when a record does not fit the topic's schema, or lacks its key
 */
export const encodeRecords = <T>({
  writer,
  deadLetters,
  pipeline,
  from,
}: RecordOutput<T>): OperatorFunction<RecordBatch<T>, OutputBatch> =>
  map(({ source, records, rejected }) => ({
    records: [
      ...records.map(
        ({ value }): OutputRecord => ({
          topic: writer.topic.name,
          key: keyOf(value, writer.topic),
          value: writer.encode(value),
          byKey: true,
        }),
      ),
      ...rejected.map(
        ({ message, error }): OutputRecord => ({
          topic: deadLetters.topic.name,
          key: from.topic,
          value: deadLetters.encode(deadLetterOf({ ...from, ...message }, error, pipeline)),
          byKey: true,
        }),
      ),
    ],
    next: source.messages.at(-1)!.offset + 1,
  }));

const keyOf = (value: unknown, { name, key }: TopicSpec): string => {
  const found = (value as Readonly<Record<string, unknown>>)[key];
  if (typeof found === 'string' || typeof found === 'number') return String(found);
  throw new EbbtideError(
    'RECORD_OUT_OF_RANGE',
    `Record for ${name} lacks its key: field ${key} is ${String(found)}, expected a text or a number`,
    { topic: name, key },
  );
};
