import { concatMap, from, map, type Observable } from 'rxjs';
import type { Message, MessageBatch } from '../infra/kafka/types.ts';
import type { SecurityEvent } from '../schemas/securityEvents.ts';

/** What the pipeline of shared signals needs. */
export interface SignalsJob {
  /** Decisions and effects. */
  readonly batches: Observable<MessageBatch>;
  /** The security events that the messages of a batch mean, in their order. */
  read(messages: readonly Message[]): Promise<readonly SecurityEvent[]>;
  /** Put an event into every stream that takes it, and record it. */
  send(event: SecurityEvent): Promise<void>;
}

/**
 * Decisions and effects become security events for others (CAEP). A batch is acknowledged once each of its events is
 * kept for every receiver that takes it; delivery is then the transmitter's.
 */
export const signals = (job: SignalsJob): Observable<readonly SecurityEvent[]> =>
  job.batches.pipe(
    concatMap((source) => from(job.read(source.messages)).pipe(map((events) => ({ source, events })))),
    concatMap(async ({ source, events }) => {
      for (const event of events) await job.send(event);
      await source.ack();
      return events;
    }),
  );
