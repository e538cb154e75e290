import { randomUUID } from 'node:crypto';
import { testKind } from '../../operators/routeAlert.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Alert, AlertSeverity, Control, Notification } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { follow } from '../kafka/follow.ts';
import type { Producer } from '../kafka/types.ts';
import { Newest } from '../newest.ts';
import { endedBy, resolvedId } from './body.ts';
import { type Silence, Silences } from './silences.ts';

/** Alerts that are remembered, the newest by their own time. */
const remembered = 2_000;

/** An alert and what became of it. */
export interface AlertStanding {
  readonly alert: Alert;
  /** What became of it on each route. */
  readonly told: readonly Pick<Notification, 'route' | 'state' | 'detail' | 'at'>[];
  /** Whether somebody must still see to it: its cause may have ended by itself. */
  readonly state: 'open' | 'acknowledged' | 'resolved';
  /** Who saw to it and what they said; undefined where nobody did. */
  readonly acknowledged?: string;
  /** When somebody saw to it, or its cause ended, epoch milliseconds; undefined while it is open. */
  readonly endedAt?: number;
}

/** What alerts are asked for. Empty texts let everything through. */
export interface AlertQuery {
  readonly state: AlertStanding['state'] | 'all';
  readonly severity: AlertSeverity | '';
  /** Words that must all be in identifier, subject, kind, system or summary. */
  readonly q: string;
  readonly offset: number;
  readonly limit: number;
}

/** What people ask of alerts, and what they do: see who was told, acknowledge, try the routes out. */
export interface AlertDesk {
  /** Rejects when alerts can be followed no longer; never resolves. */
  readonly failed: Promise<never>;
  /** Counts up with each alert, and with whatever becomes of one. */
  readonly version: number;
  /** Alerts that nobody has seen to, and whose cause has not ended. */
  readonly open: number;
  /** The newest alerts, the newest first. */
  alerts(limit: number): readonly AlertStanding[];
  /** One page of those that fit, the newest first; what says that a cause has ended is part of the alert that it ends. */
  find(query: AlertQuery): { readonly total: number; readonly offset: number; readonly entries: AlertStanding[] };
  standing(alertId: string): AlertStanding | undefined;
  silences(): readonly Silence[];
  /**
   * Note that somebody sees to an alert: it is escalated no further.
   *
   * @throws {EbbtideError} `NOT_FOUND` where no such alert is remembered
   */
  acknowledge(alertId: string, by: string, reason: string): Promise<void>;
  /** Raise an alert that takes routes like any other of its severity and subject. */
  test(wish: { readonly severity: AlertSeverity; readonly subject: string; readonly by: string }): Promise<Alert>;
  close(): Promise<void>;
}

/**
 * Follow alerts, notifications and silences.
 *
 * @param now - epoch milliseconds
 * @returns once what was there has been read
 */
export const openAlertDesk = async (
  { kafka, registry, log }: AppContext,
  producer: Producer,
  now: () => number = Date.now,
): Promise<AlertDesk> => {
  const alertCodec = await TopicCodec.open<Alert>(topics.alerts, registry);
  const notificationCodec = await TopicCodec.open<Notification>(topics.notifications, registry);
  const controlCodec = await TopicCodec.open<Control>(topics.control, registry);
  const alerts = new Newest<Alert>(remembered);
  const told = new Newest<ReadonlyMap<string, Notification>>(2 * remembered);
  const silences = new Silences();
  let version = 0;
  const take = (one: Notification | undefined): void => {
    version += 1;
    if (!one) return;
    const all = new Map(told.get(one.alertId)).set(one.notificationId, one);
    told.set(one.alertId, all, Math.max(...[...all.values()].map(({ at }) => at)));
  };
  const heard = (one: Alert | undefined): void => {
    version += 1;
    if (one) alerts.set(one.alertId, one, one.at);
  };
  const followers = [
    await follow(kafka, alertCodec, heard, log),
    await follow(kafka, notificationCodec, take, log),
    await follow(kafka, controlCodec, (one) => silences.take(one), log),
  ];
  await Promise.all(followers.map(({ caughtUp }) => caughtUp));
  const standing = (alertId: string): AlertStanding | undefined => {
    const alert = alerts.get(alertId);
    if (!alert) return undefined;
    const all = [...(told.get(alertId)?.values() ?? [])];
    const seenTo = all.find(({ state }) => state === 'acknowledged');
    const endedAt = seenTo?.at ?? alerts.get(resolvedId(alertId))?.at;
    return {
      alert,
      told: all
        .filter(({ state }) => state !== 'acknowledged')
        .map(({ route, state, detail, at }) => ({ route, state, detail, at })),
      state: seenTo ? 'acknowledged' : endedAt === undefined ? 'open' : 'resolved',
      ...(seenTo && { acknowledged: seenTo.detail }),
      ...(endedAt !== undefined && { endedAt }),
    };
  };
  const all = (): AlertStanding[] =>
    alerts
      .values()
      .filter((alert) => endedBy(alert) === undefined)
      .map(({ alertId }) => standing(alertId)!);
  return {
    failed: Promise.race(followers.map(({ failed }) => failed)),
    alerts: (limit) =>
      alerts
        .values()
        .slice(0, limit)
        .map(({ alertId }) => standing(alertId)!),
    get version() {
      return version;
    },
    get open() {
      return all().filter(({ state }) => state === 'open').length;
    },
    find({ state, severity, q, offset, limit }) {
      const words = q.toLowerCase().split(/\s+/).filter(Boolean);
      const found = all().filter(({ alert, state: now }) => {
        const text =
          `${alert.alertId}\n${alert.subject}\n${alert.kind}\n${alert.pipeline}\n${alert.summary}`.toLowerCase();
        return (
          (state === 'all' || state === now) &&
          (severity === '' || severity === alert.severity) &&
          words.every((word) => text.includes(word))
        );
      });
      return { total: found.length, offset, entries: found.slice(offset, offset + limit) };
    },
    standing,
    silences: () => silences.inForce(now()),
    async acknowledge(alertId, by, reason) {
      if (!alerts.has(alertId) && !told.has(alertId))
        throw new EbbtideError('NOT_FOUND', `There is no alert ${alertId} of late: see "ebbtide alerts list"`, {
          alertId,
        });
      const one: Notification = {
        ...{ notificationId: `acknowledged/${alertId}`, alertId, route: '', partition: 0, offset: 0 },
        ...{ state: 'acknowledged', body: '', attempts: 0, status: 0 },
        detail: reason === '' ? by : `${by}: ${reason}`,
        at: now(),
      };
      const { name } = topics.notifications;
      await producer.send([{ topic: name, key: one.notificationId, value: notificationCodec.encode(one) }]);
      take(one);
    },
    async test({ severity, subject, by }) {
      const alert: Alert = {
        ...{ alertId: `${testKind}/${randomUUID()}`, subject, pipeline: 'alerts', kind: testKind, severity },
        summary: `A test by ${by}: nothing is wrong`,
        ...{ decisionId: null, at: now() },
      };
      await producer.send([{ topic: topics.alerts.name, key: subject, value: alertCodec.encode(alert) }]);
      return alert;
    },
    async close() {
      await Promise.allSettled(followers.map((follower) => follower.close()));
    },
  };
};
