import { Counter, Gauge, Histogram } from 'prom-client';
import type { AppContext } from '../context.ts';

/**
 * Metrics of notifications.
 *
 * @param waiting - how many wait or are under way, by route
 */
export const notifyMetrics = (
  { metrics }: Pick<AppContext, 'metrics'>,
  waiting: ReadonlyMap<string, { readonly size: number }>,
) => {
  const registers = [metrics];
  new Gauge({
    name: 'ebbtide_notifications_waiting',
    help: 'Notifications that wait or are under way',
    labelNames: ['route'],
    registers,
    collect() {
      for (const [route, { size }] of waiting) this.set({ route }, size);
    },
  });
  const settled = new Counter({
    name: 'ebbtide_notifications_total',
    help: 'Notifications by what became of them: delivered or dead, grouped, silenced or escalated',
    labelNames: ['route', 'outcome'],
    registers,
  });
  // From zero, so that the first one is an increase
  for (const route of waiting.keys())
    for (const outcome of ['delivered', 'dead', 'grouped', 'silenced', 'escalated']) settled.inc({ route, outcome }, 0);
  return {
    settled,
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
