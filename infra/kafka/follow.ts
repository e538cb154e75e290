import type { TopicCodec } from '../../schemas/codec.ts';
import type { Logger } from '../log.ts';
import { type Patience, readPatiently } from './readPatiently.ts';
import type { Kafka, Message, TailFrom } from './types.ts';

/** A topic that is followed. */
export interface Follower {
  /** Resolves once everything that was there at the start was taken in. */
  readonly caughtUp: Promise<void>;
  /** Rejects when following ends for good; never resolves. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Take in every record of a topic, from its beginning on unless told otherwise. While the schema registry does not answer, this waits. A
 * record that can never be read is logged and passed over: whoever owns the topic sees to it.
 *
 * @param take - gets the record, or undefined for a tombstone; the next one is read once it is done
 */
export const follow = async <T>(
  kafka: Kafka,
  codec: TopicCodec<T>,
  take: (record: T | undefined, message: Message) => void | Promise<void>,
  log: Logger,
  from: TailFrom = 'beginning',
): Promise<Follower> => {
  const tail = await kafka.tail({ topics: [codec.topic.name], from });
  let closing = false;
  const stopping = new AbortController();
  const patience: Patience = {
    signal: stopping.signal,
    onRetry: (error, waitMs) =>
      log.warn({ topic: codec.topic.name, error: (error as Error).message, waitMs }, 'record cannot be read yet'),
  };
  const run = async () => {
    for await (const messages of tail.batches())
      for (const message of messages) {
        try {
          const taken = take(message.value ? await readPatiently(codec, message.value, patience) : undefined, message);
          if (taken) await taken;
        } catch (error) {
          if (stopping.signal.aborted) return;
          const { topic, partition, offset } = message;
          log.warn({ topic, partition, offset, code: (error as { code?: string }).code }, 'record passed over');
        }
      }
  };
  const failed = new Promise<never>((_, reject) => {
    run().then(
      () => closing || reject(new Error(`Tail of ${codec.topic.name} ended`)),
      (error: unknown) => closing || reject(error),
    );
  });
  failed.catch(() => {});
  return {
    caughtUp: tail.caughtUp,
    failed,
    close: () => {
      closing = true;
      stopping.abort();
      return tail.close();
    },
  };
};
