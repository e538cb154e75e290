import { from, interval, lastValueFrom, Subject, takeUntil } from 'rxjs';
import { deadLetterOf } from '../../operators/deadLetter.ts';
import { routeAlert } from '../../operators/routeAlert.ts';
import { type AlertArrival, notify } from '../../pipelines/notify.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, Control, DeadLetter, Notification } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext, Running } from '../context.ts';
import { openOutbound } from '../http/outbound.ts';
import { follow } from '../kafka/follow.ts';
import { sendPatiently } from '../kafka/sendPatiently.ts';
import type { Message, OutgoingMessage } from '../kafka/types.ts';
import { type MailConfig, mailConfig } from '../services/mail/config.ts';
import { endedBy } from './body.ts';
import type { Channel } from './channels/channel.ts';
import { openChannel } from './channels/open.ts';
import type { NotifyConfig } from './config.ts';
import { deliver } from './deliver.ts';
import { NotifyMemory } from './memory.ts';
import { notifyMetrics } from './metrics.ts';
import { Silences } from './silences.ts';
import { Waiting } from './waiting.ts';

/** What has been delivered when the process is to end gets this long to be written down. */
const finishMs = 5_000;
/** How often it is seen whether a group or an escalation is due. */
const shortestTickMs = 20;
const longestTickMs = 1_000;

/** What {@link startNotify} may be given besides. */
export interface NotifyOptions {
  /** Mail server of routes by mail. */
  readonly mail?: MailConfig;
  /** Epoch milliseconds; the wall clock when absent. */
  readonly now?: () => number;
}

/**
 * Start to tell alerts to people. One process of it is enough; it takes up what the last one had accepted and not
 * delivered, what waits for its group and what nobody has acknowledged.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` for a secret that is none, or when Kafka is away
 */
export const startNotify = async (
  context: AppContext,
  config: NotifyConfig,
  { mail = mailConfig.parse({}), now = Date.now }: NotifyOptions = {},
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const outbound = openOutbound(config.concurrency);
  const channels = new Map<string, Channel>();
  for (const route of config.routes) channels.set(route.name, await openChannel(route, { outbound, mail, now }));
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
  const alerts = await TopicCodec.open<Alert>(topics.alerts, registry);
  const notifications = await TopicCodec.open<Notification>(topics.notifications, registry);
  const controls = await TopicCodec.open<Control>(topics.control, registry);
  const letters = await TopicCodec.open<DeadLetter>(topics.deadLetters, registry);
  const producer = await kafka.producer();
  const queues = new Map(config.routes.map(({ name }) => [name, new Waiting<Notification>(config.queue)]));
  const metrics = notifyMetrics(context, queues);
  const silences = new Silences();
  const memory = new NotifyMemory(config, {
    silences,
    now,
    count: (route, outcome) =>
      outcome === 'known' ? metrics.known.inc({ route }) : metrics.settled.inc({ route, outcome }),
  });

  /** What stood in the topic at the start and is not at its end: the last record of each counts. */
  const unfinished = new Map<string, Notification>();
  let caughtUp = false;
  const take = (one: Notification | undefined): void => {
    if (!one || (caughtUp && one.state !== 'acknowledged')) return;
    memory.heard(one);
    if (one.body !== '') unfinished.set(one.notificationId, one);
    else unfinished.delete(one.notificationId);
  };
  const followers = [
    await follow(kafka, notifications, take, log),
    await follow(kafka, controls, (control) => silences.take(control), log),
  ];
  await Promise.all(followers.map((follower) => follower.caughtUp));
  caughtUp = true;

  const send = (messages: readonly OutgoingMessage[]) => sendPatiently(producer, messages, ending.signal, log);
  const write = (one: Notification) => ({
    topic: topics.notifications.name,
    key: one.notificationId,
    value: notifications.encode(one),
  });
  const writeLetter = (letter: DeadLetter) => ({
    topic: topics.deadLetters.name,
    key: letter.topic,
    value: letters.encode(letter),
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
      const ended = endedBy(alert);
      const taken = ended === undefined ? routeAlert(alert, config.routes) : memory.toldOf(ended);
      return taken.flatMap((one) => memory.notificationOf(alert, one, { partition, offset }) ?? []);
    });
  const bodies = new Map<string, string>();
  const settle = async (one: Notification, body = ''): Promise<void> => {
    metrics.settled.inc({ route: one.route, outcome: one.state });
    const messages: OutgoingMessage[] = [write({ ...one, body: memory.awaits(one, body) ? body : '' })];
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
      messages.push(writeLetter(letter));
    }
    await send(messages);
  };
  const enqueue = (accepted: readonly Notification[]): void => {
    for (const one of accepted) {
      if (one.state === 'grouped') memory.hold(one);
      if (one.state !== 'pending') continue;
      const why = queues.has(one.route)
        ? `More than ${config.queue} notifications wait for route ${one.route}`
        : `Route ${one.route} is configured no longer`;
      bodies.set(one.notificationId, one.body);
      if (queues.get(one.route)?.offer(one)) continue;
      bodies.delete(one.notificationId);
      settle({ ...one, state: 'dead', body: '', detail: why, at: now() }, one.body).catch(fail);
    }
  };
  const deliverOne = async (one: Notification): Promise<Notification> => {
    const end = metrics.seconds.startTimer({ route: one.route });
    const message = { id: one.notificationId, body: one.body };
    const signals = { signal: stopping.signal, ending: ending.signal };
    const { delivered, ...rest } = await deliver(message, channels.get(one.route)!, config, signals);
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
  for (const follower of followers) follower.failed.catch(fail);
  const chain = notify({
    batches: from(consumer.batches()),
    ticks: interval(tickMs(config)),
    read,
    route,
    due: () => memory.due(),
    accept: ({ notifications: accepted, rejections }) =>
      tracked(
        send([
          ...accepted.map(write),
          ...rejections.map(({ message, error }) => writeLetter(deadLetterOf(message, error, 'notify'))),
        ]),
      ),
    enqueue,
    waiting: [...queues.values()].map(({ items }) => items),
    deliver: (one) => tracked(deliverOne(one)),
    async settle(one) {
      await tracked(settle(one, bodies.get(one.notificationId)));
      bodies.delete(one.notificationId);
      queues.get(one.route)?.done();
    },
    concurrency: config.concurrency,
  });
  const drained = lastValueFrom(chain.pipe(takeUntil(closing)), { defaultValue: undefined });
  drained.catch(fail);
  for (const one of unfinished.values())
    if (one.state === 'delivered' || one.state === 'dead') memory.awaits(one, one.body);
  enqueue([...unfinished.values()]);
  log.info({ routes: channels.size, unfinished: unfinished.size }, 'notifying started');
  unfinished.clear();

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
    for (const channel of channels.values()) channel.close?.();
    const open = [drained, ...followers.map((follower) => follower.close()), consumer.close(), producer.close()];
    await Promise.allSettled([...open, outbound.close()]);
  };
  return {
    name: 'notify',
    failed,
    async health() {
      const waiting = [...queues].map(([name, { size }]) => `${size} for ${name}`).join(', ') || 'no routes';
      const later = `${memory.grouped} for their group, ${memory.unacknowledged} for an acknowledgement`;
      return { ready: consumer.healthy(), detail: `Notifications that wait: ${waiting}; ${later}` };
    },
    close: () => (closed ??= close()),
  };
};

/** A tenth of the shortest time that is to be kept. */
const tickMs = ({ routes }: NotifyConfig): number => {
  const spans = routes.flatMap(({ groupBy, groupMs, escalateTo, escalateAfterMs }) => [
    ...(groupBy.length > 0 ? [groupMs] : []),
    ...(escalateTo === undefined ? [] : [escalateAfterMs]),
  ]);
  return Math.min(longestTickMs, Math.max(shortestTickMs, Math.min(...spans) / 10));
};
