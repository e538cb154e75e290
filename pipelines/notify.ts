import { concatMap, from, map, merge, mergeMap, type Observable } from 'rxjs';
import type { Message, MessageBatch } from '../infra/kafka/types.ts';
import type { Alert, Notification } from '../schemas/generated/index.ts';

/** An alert as it was read. */
export interface AlertArrival {
  readonly message: Message;
  readonly alert: Alert;
}

/** A batch of alerts with what is to be told of them. */
export interface NotifyBatch {
  readonly source: MessageBatch;
  /** New ones alone: an alert that was told, or is about to be, takes no route again. */
  readonly notifications: readonly Notification[];
  readonly rejections: readonly { readonly message: Message; readonly error: unknown }[];
}

/** What the notifying pipeline needs. */
export interface NotifyJob {
  readonly batches: Observable<MessageBatch>;
  read(messages: readonly Message[]): Promise<Pick<NotifyBatch, 'rejections'> & { arrivals: readonly AlertArrival[] }>;
  /** Notifications of alerts by the routes that they take, without those that are known. */
  route(arrivals: readonly AlertArrival[]): readonly Notification[];
  /** Write notifications as pending, and dead letters, and wait for Kafka. */
  accept(batch: NotifyBatch): Promise<void>;
  /** Let notifications wait for their webhook. */
  enqueue(notifications: readonly Notification[]): void;
  /** What waits, for each route. */
  readonly waiting: readonly Observable<Notification>[];
  /** Post one, as often as it takes; says what became of it. */
  deliver(notification: Notification): Promise<Notification>;
  /** Write what became of it. */
  settle(notification: Notification): Promise<void>;
  /** Notifications of one route under way at once. */
  readonly concurrency: number;
}

/**
 * Alerts are told to webhooks.
 *
 * An alert is acknowledged once what is to be told of it stands on Kafka as pending: a webhook that is away holds up
 * nobody else, and what was pending when the process ended is told by the next one. Told twice is possible where a
 * process ends between the answer and its record; the receiver knows it by its `webhook-id`.
 */
export const notify = (job: NotifyJob): Observable<unknown> => merge(accepted(job), ...job.waiting.map(delivered(job)));

const accepted = (job: NotifyJob): Observable<NotifyBatch> =>
  job.batches.pipe(
    concatMap((source) => from(job.read(source.messages)).pipe(map((read) => ({ source, ...read })))),
    map(({ arrivals, ...batch }): NotifyBatch => ({ ...batch, notifications: job.route(arrivals) })),
    concatMap((batch) => from(job.accept(batch).then(() => batch))),
    concatMap((batch) => from(batch.source.ack().then(() => batch))),
    map((batch) => {
      job.enqueue(batch.notifications);
      return batch;
    }),
  );

const delivered =
  (job: NotifyJob) =>
  (waiting: Observable<Notification>): Observable<void> =>
    waiting.pipe(mergeMap(async (notification) => job.settle(await job.deliver(notification)), job.concurrency));
