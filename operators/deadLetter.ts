import { isEbbtideError } from '../schemas/errors.ts';
import type { DeadLetter } from '../schemas/generated/index.ts';

/** A message as it was read, whatever it holds. */
export interface Undeliverable {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** More would not fit into a message of Kafka's standard maximum of 1 MiB together with the rest. */
const largestValueBytes = 900_000;
const largestKeyBytes = 64_000;

/**
 * The dead letter of a message that a pipeline could not process: its bytes as they were, and why.
 *
 * @param error - code and message are kept; a value beyond 900,000 bytes is cut, and the message says so
 * @example
 * deadLetterOf(message, error, 'archive').errorCode; // 'RECORD_MALFORMED'
 */
export const deadLetterOf = (message: Undeliverable, error: unknown, pipeline: string): DeadLetter => {
  const { topic, partition, offset, timestamp, key, value } = message;
  const text = error instanceof Error ? error.message : String(error);
  const cut = value !== null && value.length > largestValueBytes;
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: key === null ? null : key.subarray(0, largestKeyBytes),
    value: cut ? value.subarray(0, largestValueBytes) : value,
    errorCode: isEbbtideError(error) ? error.code : 'RECORD_OUT_OF_RANGE',
    message: cut ? `${text} (value cut from ${value.length} bytes)` : text,
    pipeline,
  };
};
