import { setTimeout as sleep } from 'node:timers/promises';
import { schemaIdOf, type TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';

/** How often a schema id that the registry does not know is asked for: a replica of it may lag. */
const unknownTries = 4;

/** How to go on trying. */
export interface Patience {
  /** Ends the trying. */
  readonly signal: AbortSignal;
  /** Told of each failure before the wait, milliseconds. */
  readonly onRetry?: (error: unknown, waitMs: number) => void;
  /** Wait before the second try, milliseconds; doubles with each further one. @default 200 */
  readonly firstMs?: number;
  /** Longest wait, milliseconds. @default 10,000 */
  readonly maxMs?: number;
}

/**
 * Decode a record of a topic of which nothing may be missed. While the schema registry does not answer this waits and
 * tries again, without end; only what will never be readable is thrown.
 *
 * @throws {EbbtideError} `RECORD_MALFORMED`, `SCHEMA_INCOMPATIBLE`, or `SCHEMA_UNKNOWN` after some tries
 * @throws `AbortError` when the signal ends the trying
 */
export const readPatiently = async <T>(
  codec: TopicCodec<T>,
  bytes: Buffer,
  { signal, onRetry, firstMs = 200, maxMs = 10_000 }: Patience,
): Promise<T> => {
  const id = schemaIdOf(bytes);
  const known = codec.knows(id);
  for (let attempt = 1; ; attempt++) {
    try {
      return await codec.read(bytes);
    } catch (error) {
      if (isEbbtideError(error, 'RECORD_MALFORMED') || isEbbtideError(error, 'SCHEMA_INCOMPATIBLE')) throw error;
      if (isEbbtideError(error, 'SCHEMA_UNKNOWN')) {
        if (known || attempt >= unknownTries) throw error;
        codec.forget(id);
      }
      const waitMs = Math.min(maxMs, firstMs * 2 ** (attempt - 1));
      onRetry?.(error, waitMs);
      await sleep(waitMs, undefined, { signal });
    }
  }
};
