import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import { AlertGroups } from '../../operators/alertGroups.ts';
import { Escalations } from '../../operators/escalations.ts';
import type { Alert, Notification, NotificationState } from '../../schemas/generated/index.ts';
import { bodyOf, endedBy, resolvedKind, toldBy } from './body.ts';
import type { NotifyConfig, RouteConfig } from './config.ts';
import type { Silences } from './silences.ts';

/** What became of an alert as it was routed, for metrics. */
export type Routed = 'grouped' | 'silenced' | 'known' | 'escalated';

/** What {@link NotifyMemory} works with. */
export interface MemoryParts {
  readonly silences: Silences;
  /** Epoch milliseconds. */
  readonly now: () => number;
  count(route: string, what: Routed): void;
}

/**
 * What is known of notifications: which there are, whose group is open, and which wait for an acknowledgement. All of it
 * is in topic `notifications`, and comes back with {@link restore}.
 */
export class NotifyMemory {
  readonly #config: NotifyConfig;
  readonly #routes: ReadonlyMap<string, RouteConfig>;
  readonly #parts: MemoryParts;
  readonly #known: LastSeen<string, NotificationState>;
  readonly #seenTo: LastSeen<string, true>;
  readonly #groups = new AlertGroups<Notification>();
  readonly #escalations: Escalations<Notification>;

  constructor(config: NotifyConfig, parts: MemoryParts) {
    this.#config = config;
    this.#routes = new Map(config.routes.map((route) => [route.name, route]));
    this.#parts = parts;
    this.#known = new LastSeen(config.remember);
    this.#seenTo = new LastSeen(config.remember);
    this.#escalations = new Escalations(config.queue);
  }

  get grouped(): number {
    return this.#groups.size;
  }

  get unacknowledged(): number {
    return this.#escalations.size;
  }

  /** Take in what stands in the topic. */
  heard({ notificationId, alertId, state }: Notification): void {
    if (state === 'acknowledged') {
      this.#end(alertId);
      return;
    }
    this.#known.set(notificationId, state);
    const ended = endedBy({ kind: alertId.split('/')[0]!, alertId });
    if (ended !== undefined) this.#end(ended);
  }

  #end(alertId: string): void {
    this.#seenTo.set(alertId, true);
    this.#escalations.end(alertId);
  }

  /** The notification of an alert on a route that it takes; undefined where there is one already. */
  notificationOf(
    alert: Alert,
    route: RouteConfig,
    at: { partition: number; offset: number },
  ): Notification | undefined {
    const { name, groupMs } = route;
    const notificationId = `${name}/${alert.alertId}`;
    if (this.#known.has(notificationId)) {
      this.#parts.count(name, 'known');
      return undefined;
    }
    const now = this.#parts.now();
    const one = { notificationId, alertId: alert.alertId, route: name, ...at, attempts: 0, status: 0, at: now };
    const silence = alert.kind === resolvedKind ? undefined : this.#parts.silences.of(alert, now);
    const state = silence
      ? 'silenced'
      : this.#gathers(route, alert) && !this.#groups.opens(keyOf(route, alert), now, groupMs)
        ? 'grouped'
        : 'pending';
    this.#known.set(notificationId, state);
    if (silence) {
      this.#parts.count(name, 'silenced');
      return { ...one, state, body: '', detail: `Silenced by ${silence.by}: ${silence.reason}` };
    }
    if (state === 'grouped') this.#parts.count(name, 'grouped');
    return { ...one, state, body: bodyOf({ alerts: [alert] }), detail: '' };
  }

  #gathers({ groupBy }: RouteConfig, { kind }: Alert): boolean {
    return groupBy.length > 0 && kind !== resolvedKind && this.#groups.size < this.#config.queue;
  }

  /** Routes that were told of an alert and must hear that its cause has ended. */
  toldOf(alertId: string): readonly RouteConfig[] {
    this.#end(alertId);
    return this.#config.routes.filter(({ name }) => {
      const state = this.#known.get(`${name}/${alertId}`);
      return state !== undefined && state !== 'silenced';
    });
  }

  /** Hold a notification of state `grouped` until its group is due. */
  hold(one: Notification): void {
    const route = this.#routes.get(one.route);
    const [alert] = toldBy(one.body).alerts;
    // A group that is configured no longer ends at once
    this.#groups.hold(route ? keyOf(route, alert!) : one.route, one, one.at, route?.groupMs ?? 0);
  }

  /** Whether what became of a notification is to be seen to by somebody; it waits for that from now on. */
  awaits(one: Notification, body: string): boolean {
    const route = this.#routes.get(one.route);
    if (route?.escalateTo === undefined) return false;
    const { alerts } = toldBy(body);
    if (alerts.every(({ kind }) => kind === resolvedKind)) return false;
    const open = alerts.map(({ alertId }) => alertId).filter((id) => !this.#seenTo.has(id));
    if (open.length === 0) return false;
    // Nobody can acknowledge what could not be told
    this.#escalations.add({ ...one, body }, open, one.at + (one.state === 'dead' ? 0 : route.escalateAfterMs));
    return true;
  }

  /** What is to be written now: groups whose window has ended, and what nobody acknowledged, each with what it ends. */
  due(): readonly Notification[] {
    const now = this.#parts.now();
    return [
      ...this.#groups.due(now).flatMap(({ items }) => merged(items, now)),
      ...this.#escalations.due(now).flatMap((one) => this.#escalated(one, now)),
    ];
  }

  #escalated(one: Notification, now: number): Notification[] {
    const to = this.#routes.get(one.route)!.escalateTo!;
    const notificationId = `${to}/${one.notificationId.slice(one.route.length + 1)}`;
    this.#parts.count(one.route, 'escalated');
    const past: Notification = { ...one, state: 'escalated', body: '', detail: `To route ${to}`, at: now };
    if (this.#known.has(notificationId)) return [past];
    this.#known.set(notificationId, 'pending');
    const body = bodyOf({ ...toldBy(one.body), escalatedFrom: one.route });
    const fresh = { state: 'pending', attempts: 0, status: 0, detail: `From route ${one.route}` } as const;
    return [{ ...one, ...fresh, notificationId, route: to, body, at: now }, past];
  }
}

const keyOf = ({ name, groupBy }: RouteConfig, alert: Alert): string =>
  JSON.stringify([name, ...groupBy.map((field) => alert[field])]);

/** One notification of several, and the several as merged. */
const merged = (items: readonly Notification[], now: number): Notification[] => {
  const [first] = items;
  const notificationId = `${first!.route}/group/${first!.alertId}`;
  const body = bodyOf({ alerts: items.flatMap(({ body: one }) => toldBy(one).alerts) });
  return [
    { ...first!, notificationId, state: 'pending', body, at: now },
    ...items.map((one): Notification => ({ ...one, state: 'merged', body: '', detail: notificationId, at: now })),
  ];
};
