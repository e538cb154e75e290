import { Counter, Gauge, Histogram } from 'prom-client';
import { from, lastValueFrom, Subject, takeUntil } from 'rxjs';
import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import { deadLetterOf } from '../../operators/deadLetter.ts';
import { routeAlert } from '../../operators/routeAlert.ts';
import { type AlertArrival, notify } from '../../pipelines/notify.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, DeadLetter, Notification } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext, Running } from '../context.ts';
import { openOutbound } from '../http/outbound.ts';
import { follow } from '../kafka/follow.ts';
import { sendPatiently } from '../kafka/sendPatiently.ts';
import type { Message, OutgoingMessage } from '../kafka/types.ts';
import type { NotifyConfig } from './config.ts';
import { Waiting } from './waiting.ts';
import { post, routeSecret } from './webhook.ts';

/** What has been delivered when the process is to end gets this long to be written down. */
const finishMs = 5_000;

/**
 * Start to tell alerts to webhooks. One process of it is enough; it takes up what the last one had accepted and not
 * delivered.
 *
 * @param now - epoch milliseconds; the wall clock when absent
 * @throws {EbbtideError} `CONFIG_INVALID` for a secret that is none, or when Kafka is away
 */
export const startNotify = async (context: AppContext, config: NotifyConfig, now = Date.now): Promise<Running> => {
  const { kafka, registry, log } = context;
  const routes = new Map(config.routes.map((route) => [route.name, route]));
  const secrets = new Map<string, string>();
  for (const route of config.routes) secrets.set(route.name, await routeSecret(route));
  /** Ends waits between tries, and then what is still under way. */
  const stopping = new AbortController();
  const ending = new AbortController();
  const underway = new Set<Promise<unknown>>();
  const tracked = <T>(work: Promise<T>): Promise<T> => {
    const ended: Promise<void> = work.then(
      () => void underway.delete(ended),
      () => void underway.delete(ended),
    );
    underway.add(ended);
    return work;
  };
  const outbound = openOutbound(config.concurrency);
  const alerts = await TopicCodec.open<Alert>(topics.alerts, registry);
  const notifications = await TopicCodec.open<Notification>(topics.notifications, registry);
  const letters = await TopicCodec.open<DeadLetter>(topics.deadLetters, registry);
  const producer = await kafka.producer();
  const known = new LastSeen<string, true>(config.remember);
  const queues = new Map(config.routes.map(({ name }) => [name, new Waiting<Notification>(config.queue)]));
  const metrics = notifyMetrics(context, queues);
  // From zero, so that the first one is an increase
  for (const route of queues.keys())
    for (const outcome of ['delivered', 'dead']) metrics.settled.inc({ route, outcome }, 0);

  const pending = new Map<string, Notification>();
  const past = await follow(
    kafka,
    notifications,
    (one) => {
      if (!one) return;
      known.set(one.notificationId, true);
      if (one.state === 'pending') pending.set(one.notificationId, one);
      else pending.delete(one.notificationId);
    },
    log,
  );
  await past.caughtUp;
  await past.close();

  const send = (messages: readonly OutgoingMessage[]) => sendPatiently(producer, messages, ending.signal, log);
  const write = (one: Notification) => ({
    topic: topics.notifications.name,
    key: one.notificationId,
    value: notifications.encode(one),
  });
  const read = async (messages: readonly Message[]) => {
    const arrivals: AlertArrival[] = [];
    const rejections: { message: Message; error: unknown }[] = [];
    for (const message of messages)
      try {
        arrivals.push({ message, alert: await alerts.read(message.value ?? Buffer.alloc(0)) });
      } catch (error) {
        if (!isEbbtideError(error)) throw error;
        rejections.push({ message, error });
      }
    return { arrivals, rejections };
  };
  const route = (arrivals: readonly AlertArrival[]): Notification[] =>
    arrivals.flatMap(({ alert, message: { partition, offset, timestamp } }) => {
      // A new consumer group begins with the oldest alert that there is
      if (timestamp > 0 && now() - timestamp > config.maxAgeMs) {
        metrics.tooOld.inc();
        return [];
      }
      return routeAlert(alert, config.routes).flatMap(({ name }) => {
        const notificationId = `${name}/${alert.alertId}`;
        if (known.get(notificationId)) {
          metrics.known.inc({ route: name });
          return [];
        }
        known.set(notificationId, true);
        const at = now();
        const rest = { state: 'pending', body: bodyOf(alert), attempts: 0, status: 0, detail: '', at } as const;
        return [{ notificationId, alertId: alert.alertId, route: name, partition, offset, ...rest }];
      });
    });
  const settle = async (one: Notification, body = ''): Promise<void> => {
    metrics.settled.inc({ route: one.route, outcome: one.state });
    const messages: OutgoingMessage[] = [write(one)];
    if (one.state === 'dead') {
      const { notificationId, partition, offset, detail } = one;
      log.error({ notificationId, attempts: one.attempts, status: one.status, detail }, 'notification given up');
      const letter = deadLetterOf(
        {
          ...{ topic: topics.alerts.name, partition, offset, timestamp: one.at },
          ...{ key: Buffer.from(notificationId), value: Buffer.from(body) },
        },
        new EbbtideError('WEBHOOK_FAILED', `Route ${one.route} after ${one.attempts} tries: ${detail}`),
        `notify/${one.route}`,
      );
      messages.push({ topic: topics.deadLetters.name, key: letter.topic, value: letters.encode(letter) });
    }
    await send(messages);
  };
  const bodies = new Map<string, string>();
  const enqueue = (accepted: readonly Notification[]): void => {
    for (const one of accepted) {
      const why = queues.has(one.route)
        ? `More than ${config.queue} notifications wait for route ${one.route}`
        : `Route ${one.route} is configured no longer`;
      bodies.set(one.notificationId, one.body);
      if (queues.get(one.route)?.offer(one)) continue;
      bodies.delete(one.notificationId);
      settle({ ...one, state: 'dead', body: '', detail: why, at: now() }, one.body).catch(fail);
    }
  };
  const deliver = async (one: Notification): Promise<Notification> => {
    const end = metrics.seconds.startTimer({ route: one.route });
    const message = { id: one.notificationId, body: one.body, secret: secrets.get(one.route) ?? '' };
    const parts = { outbound, signal: stopping.signal, ending: ending.signal, now };
    const { delivered, ...rest } = await post(message, routes.get(one.route)!, config, parts);
    end();
    return { ...one, ...rest, state: delivered ? 'delivered' : 'dead', body: '', at: now() };
  };

  // A consumer is given no partitions of a topic that appears only later
  await kafka.partitionsOf(topics.alerts.name);
  const consumer = await kafka.consumer({ groupId: config.groupId, topics: [topics.alerts.name], batchSize: 500 });
  const closing = new Subject<void>();
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = (error) => stopping.signal.aborted || reject(error);
  });
  failed.catch(() => {});
  const chain = notify({
    batches: from(consumer.batches()),
    read,
    route,
    accept: ({ notifications: accepted, rejections }) =>
      send([
        ...accepted.map(write),
        ...rejections.map(({ message, error }) => {
          const letter = deadLetterOf(message, error, 'notify');
          return { topic: topics.deadLetters.name, key: letter.topic, value: letters.encode(letter) };
        }),
      ]),
    enqueue,
    waiting: [...queues.values()].map(({ items }) => items),
    deliver: (one) => tracked(deliver(one)),
    async settle(one) {
      await tracked(settle(one, bodies.get(one.notificationId)));
      bodies.delete(one.notificationId);
      queues.get(one.route)?.done();
    },
    concurrency: config.concurrency,
  });
  const drained = lastValueFrom(chain.pipe(takeUntil(closing)), { defaultValue: undefined });
  drained.catch(fail);
  enqueue([...pending.values()]);
  log.info({ routes: routes.size, pending: pending.size }, 'notifying started');

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopping.abort();
    closing.next();
    const late = setTimeout(() => ending.abort(), finishMs);
    while (underway.size > 0) {
      await Promise.allSettled([...underway]);
      // An answer that has come is written down next
      await new Promise(setImmediate);
    }
    clearTimeout(late);
    ending.abort();
    await Promise.allSettled([drained, consumer.close(), producer.close(), outbound.close()]);
  };
  return {
    name: 'notify',
    failed,
    async health() {
      const waiting = [...queues].map(([name, { size }]) => `${size} for ${name}`).join(', ') || 'no routes';
      return { ready: consumer.healthy(), detail: `Notifications that wait: ${waiting}` };
    },
    close: () => (closed ??= close()),
  };
};

/** The payload: type, time and data, as Standard Webhooks has it. */
const bodyOf = (alert: Alert): string =>
  JSON.stringify({ type: `alert.${alert.kind}`, timestamp: new Date(alert.at).toISOString(), data: alert });

/** Metrics of notifications. */
export const notifyMetrics = (
  { metrics }: Pick<AppContext, 'metrics'>,
  queues: ReadonlyMap<string, Waiting<Notification>>,
) => {
  const registers = [metrics];
  new Gauge({
    name: 'ebbtide_notifications_waiting',
    help: 'Notifications that wait or are under way',
    labelNames: ['route'],
    registers,
    collect() {
      for (const [route, { size }] of queues) this.set({ route }, size);
    },
  });
  return {
    settled: new Counter({
      name: 'ebbtide_notifications_total',
      help: 'Notifications by what became of them: delivered or dead',
      labelNames: ['route', 'outcome'],
      registers,
    }),
    known: new Counter({
      name: 'ebbtide_notifications_known_total',
      help: 'Notifications that were not sent because they had been',
      labelNames: ['route'],
      registers,
    }),
    tooOld: new Counter({
      name: 'ebbtide_notifications_too_old_total',
      help: 'Alerts that were read too late to tell anybody',
      registers,
    }),
    seconds: new Histogram({
      name: 'ebbtide_notification_seconds',
      help: 'From the first try to the end of a notification',
      labelNames: ['route'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600],
      registers,
    }),
  };
};
