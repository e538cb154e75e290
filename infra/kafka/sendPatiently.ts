import { isEbbtideError } from '../../schemas/errors.ts';
import type { Logger } from '../log.ts';
import { withRetry } from '../vault/retry.ts';
import type { OutgoingMessage, Producer } from './types.ts';

/** Nothing is worth giving up for while a broker is away: what is to be written waits. */
const patience = { retries: Number.POSITIVE_INFINITY, backoffMs: 500, maxBackoffMs: 15_000 };

/**
 * Write messages, and while Kafka is away try again without end. What was written before the answer was lost is written
 * twice: the records must bear that.
 *
 * @throws {EbbtideError} `KAFKA_REJECTED`, or the signal's reason
 */
export const sendPatiently = (
  producer: Producer,
  messages: readonly OutgoingMessage[],
  signal: AbortSignal,
  log: Logger,
): Promise<void> =>
  messages.length === 0
    ? Promise.resolve()
    : withRetry(
        () => producer.send(messages),
        patience,
        (error) => {
          const passes = isEbbtideError(error, 'KAFKA_UNAVAILABLE') && !signal.aborted;
          if (passes) log.warn({ error: error.message, messages: messages.length }, 'Kafka is away; records wait');
          return passes;
        },
        signal,
      );
