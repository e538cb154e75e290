import { randomUUID } from 'node:crypto';
import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import { testKind } from '../../operators/routeAlert.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Alert, AlertSeverity, Control, Notification } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { follow } from '../kafka/follow.ts';
import type { Producer } from '../kafka/types.ts';
import { type Silence, Silences } from './silences.ts';

/** Alerts that are remembered, the newest. */
const remembered = 2_000;

/** An alert and what became of it. */
export interface AlertStanding {
  readonly alert: Alert;
  /** What became of it on each route. */
  readonly told: readonly Pick<Notification, 'route' | 'state' | 'detail' | 'at'>[];
  /** Who saw to it and what they said; undefined where nobody did. */
  readonly acknowledged?: string;
}

/** What people ask of alerts, and what they do: see who was told, acknowledge, try the routes out. */
export interface AlertDesk {
  /** Rejects when alerts can be followed no longer; never resolves. */
  readonly failed: Promise<never>;
  /** The newest alerts, the newest first. */
  alerts(limit: number): readonly AlertStanding[];
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
  const alerts = new LastSeen<string, Alert>(remembered);
  const told = new LastSeen<string, Map<string, Notification>>(2 * remembered);
  const silences = new Silences();
  const take = (one: Notification | undefined): void => {
    if (one) told.set(one.alertId, (told.get(one.alertId) ?? new Map()).set(one.notificationId, one));
  };
  const followers = [
    await follow(kafka, alertCodec, (one) => void (one && alerts.set(one.alertId, one)), log),
    await follow(kafka, notificationCodec, take, log),
    await follow(kafka, controlCodec, (one) => silences.take(one), log),
  ];
  await Promise.all(followers.map(({ caughtUp }) => caughtUp));
  const standing = (alertId: string): AlertStanding | undefined => {
    const alert = alerts.get(alertId);
    if (!alert) return undefined;
    const all = [...(told.get(alertId)?.values() ?? [])];
    const acknowledged = all.find(({ state }) => state === 'acknowledged')?.detail;
    return {
      alert,
      told: all
        .filter(({ state }) => state !== 'acknowledged')
        .map(({ route, state, detail, at }) => ({ route, state, detail, at })),
      ...(acknowledged === undefined ? {} : { acknowledged }),
    };
  };
  return {
    failed: Promise.race(followers.map(({ failed }) => failed)),
    alerts: (limit) =>
      [...alerts.entries()]
        .slice(-limit)
        .reverse()
        .map(([alertId]) => standing(alertId)!),
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
