import { Counter, Gauge, type Registry } from 'prom-client';
import type { Following } from './follow.ts';
import type { Model } from './model.ts';

/** What the console says of itself in `/metrics`. */
export const consoleMetrics = (registry: Registry, model: Model, following: Following): void => {
  const gauge = (name: string, help: string, read: () => number): void => {
    registry.removeSingleMetric(name);
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    registry.removeSingleMetric(name);
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  gauge('ebbtide_console_clients', 'Pages connected', () => model.hub.size);
  gauge('ebbtide_console_lanes', 'Credentials shown', () => model.view.lanes.size);
  counter(
    'ebbtide_console_resnapshots_total',
    'Times a slow page was sent a fresh snapshot',
    () => model.hub.resnapshots,
  );
  counter('ebbtide_console_malformed_records_total', 'Records that could not be shown', () => following.malformed);
};
