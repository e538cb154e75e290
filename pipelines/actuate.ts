import { concatMap, from, map, type Observable, toArray } from 'rxjs';
import type { Message, MessageBatch } from '../infra/kafka/types.ts';
import type { Span } from '../infra/tracing/types.ts';
import { inOrderPerKey } from '../operators/actuate/inOrderPerKey.ts';
import type { Alert, Credential, Decision, Effect } from '../schemas/generated/index.ts';

/** A decision that has arrived. */
export interface Arrival {
  readonly decision: Decision;
  /** When it was written to Kafka, epoch milliseconds. */
  readonly writtenAt: number;
  /** When it was read, epoch milliseconds. */
  readonly receivedAt: number;
  /** Carrying it out, where the decision is traced. */
  readonly span?: Span | undefined;
}

/** A message that is no decision. */
export interface Rejection {
  readonly message: Message;
  readonly error: unknown;
}

/** What became of a decision. */
export interface Settlement {
  readonly effect: Effect;
  readonly alerts: readonly Alert[];
  /** The credential, where it has ended by this. */
  readonly ended?: Credential;
  /** Carrying it out, where the decision is traced: ended once the effect is written. */
  readonly span?: Span | undefined;
}

/** A batch of decisions with all that came of it. */
export interface SettledBatch {
  readonly source: MessageBatch;
  readonly settlements: readonly Settlement[];
  readonly rejections: readonly Rejection[];
}

/** What the actuating pipeline needs. */
export interface ActuateJob {
  readonly batches: Observable<MessageBatch>;
  /** Decode the messages of a batch. */
  read(messages: readonly Message[]): Promise<{ arrivals: readonly Arrival[]; rejections: readonly Rejection[] }>;
  /** Carry out the decisions on one subject, in their order. */
  settle(arrivals: readonly Arrival[]): Promise<readonly Settlement[]>;
  /** Write effects, alerts, ended credentials and dead letters, and wait for Kafka. */
  publish(batch: SettledBatch): Promise<void>;
  /** Subjects acted on at the same time. */
  readonly concurrency: number;
}

const urgency: Readonly<Record<Decision['action'], number>> = {
  revoke: 0,
  narrow: 1,
  shorten: 1,
  extend: 2,
  restore: 2,
  widen: 2,
  keep: 3,
  prepare: 3,
  used: 3,
  end: 3,
  unknown: 3,
};

/**
 * Decisions are carried out at Vault: in order for each subject, the most urgent subjects first, many at a time.
 *
 * A batch is acknowledged once its effects are written, and only then is the next one read: while Vault is away
 * decisions wait in Kafka, and what was carried out but not acknowledged comes again and is recognised.
 */
export const actuate = (job: ActuateJob): Observable<SettledBatch> =>
  job.batches.pipe(
    concatMap((source) => from(job.read(source.messages)).pipe(map((read) => ({ source, ...read })))),
    concatMap(({ source, arrivals, rejections }) =>
      inOrderPerKey(
        arrivals,
        {
          key: ({ decision }) => decision.subject,
          concurrency: job.concurrency,
          rank: ({ decision }) => urgency[decision.action],
        },
        (ofSubject) => job.settle(ofSubject),
      ).pipe(
        toArray(),
        map((settled): SettledBatch => ({ source, settlements: settled.flat(), rejections })),
      ),
    ),
    concatMap((batch) => from(job.publish(batch).then(() => batch))),
    concatMap((batch) => from(batch.source.ack().then(() => batch))),
  );
