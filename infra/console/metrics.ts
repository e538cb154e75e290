import { Counter, Gauge, type Registry } from 'prom-client';
import type { AuditLog } from '../audit.ts';
import type { Following } from './follow.ts';
import type { Model } from './model.ts';
import type { Approvals } from './people/approvals.ts';

/** What the console says of itself in `/metrics`. */
export const consoleMetrics = (
  registry: Registry,
  {
    model,
    following,
    approvals,
    audit,
  }: {
    readonly model: Model;
    readonly following: Following;
    readonly approvals: Approvals;
    readonly audit: AuditLog;
  },
): void => {
  const { queue, investigations, record } = model.desk;
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
  gauge('ebbtide_console_queue_entries', 'Entries of the queue in memory', () => queue.size);
  gauge('ebbtide_console_investigations', 'Investigations in memory', () => investigations.size);
  gauge('ebbtide_console_actions', 'Actions of people in memory', () => record.size);
  gauge('ebbtide_console_approvals', 'Requests of approval in memory', () => approvals.size);
  counter(
    'ebbtide_console_forgotten_total',
    'Closed investigations, ended requests and early words that memory gave up; the archive has them',
    () => investigations.forgotten + approvals.forgotten + queue.forgottenEarly,
  );
  counter(
    'ebbtide_console_unrecorded_total',
    'Outcomes of actions that topic actions did not take; the log has them',
    () => audit.unrecorded,
  );
  counter('ebbtide_console_malformed_records_total', 'Records that could not be shown', () => following.malformed);
};
