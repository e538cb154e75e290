import { concatMap, exhaustMap, from, map, merge, mergeMap, type Observable } from 'rxjs';
import type { Message, MessageBatch } from '../infra/kafka/types.ts';
import type { Alert, Notification } from '../schemas/generated/index.ts';

/** An alert as it was read. */
export interface AlertArrival {
  readonly message: Message;
  readonly alert: Alert;
}

/** What is to be written of alerts. */
export interface NotifyBatch {
  /** New ones alone: an alert that was told, or is about to be, takes no route again. */
  readonly notifications: readonly Notification[];
  readonly rejections: readonly { readonly message: Message; readonly error: unknown }[];
}

/** What the notifying pipeline needs. */
export interface NotifyJob {
  readonly batches: Observable<MessageBatch>;
  /** When to see what is {@link due}. */
  readonly ticks: Observable<unknown>;
  read(messages: readonly Message[]): Promise<Pick<NotifyBatch, 'rejections'> & { arrivals: readonly AlertArrival[] }>;
  /** Notifications of alerts by the routes that they take: to be sent, grouped or silenced; without those known. */
  route(arrivals: readonly AlertArrival[]): readonly Notification[];
  /** Notifications whose time has come: of groups whose window ended, of what nobody acknowledged. */
  due(): readonly Notification[];
  /** Write notifications, and dead letters, and wait for Kafka. */
  accept(batch: NotifyBatch): Promise<void>;
  /** Let notifications wait for their route, or for their group. */
  enqueue(notifications: readonly Notification[]): void;
  /** What waits, for each route. */
  readonly waiting: readonly Observable<Notification>[];
  /** Send one, as often as it takes; says what became of it. */
  deliver(notification: Notification): Promise<Notification>;
  /** Write what became of it. */
  settle(notification: Notification): Promise<void>;
  /** Notifications of one route under way at once. */
  readonly concurrency: number;
}

/**
 * Alerts are told to people: by webhook, chat, pager or mail.
 *
 * An alert is acknowledged to Kafka once what is to be told of it stands there: a route that is away holds up nobody
 * else, and what was pending, grouped or not yet seen to when the process ended is taken up by the next one. Told twice
 * is possible where a process ends between the answer and its record; the receiver knows it by its identifier.
 */
export const notify = (job: NotifyJob): Observable<unknown> =>
  merge(accepted(job), later(job), ...job.waiting.map(delivered(job)));

const accepted = (job: NotifyJob): Observable<unknown> =>
  job.batches.pipe(
    concatMap((source) => from(job.read(source.messages)).pipe(map((read) => ({ source, ...read })))),
    map(({ arrivals, ...batch }) => ({ ...batch, notifications: job.route(arrivals) })),
    concatMap((batch) => from(job.accept(batch).then(() => batch))),
    concatMap((batch) => from(batch.source.ack().then(() => batch))),
    map(({ notifications }) => job.enqueue(notifications)),
  );

const later = (job: NotifyJob): Observable<unknown> =>
  job.ticks.pipe(
    exhaustMap(async () => {
      const notifications = job.due();
      if (notifications.length > 0) await job.accept({ notifications, rejections: [] });
      job.enqueue(notifications);
    }),
  );

const delivered =
  (job: NotifyJob) =>
  (waiting: Observable<Notification>): Observable<void> =>
    waiting.pipe(mergeMap(async (notification) => job.settle(await job.deliver(notification)), job.concurrency));
