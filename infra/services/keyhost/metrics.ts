import { Counter, Histogram, type Registry } from 'prom-client';
import { modelMetrics } from '../../jobs/modelMetrics.ts';

/** What the key host counts. */
export const createKeyhostMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    ...modelMetrics(registry, 'keyhost'),
    keys: new Counter({
      name: 'ebbtide_keyhost_keys_total',
      help: 'Keys provided, by why their lifespan is what it is',
      labelNames: ['reason'] as const,
      registers,
    }),
    bursts: new Counter({ name: 'ebbtide_keyhost_bursts_total', help: 'Bursts of sessions taken in', registers }),
    requestSeconds: new Histogram({
      name: 'ebbtide_keyhost_request_seconds',
      help: 'Requests, by route and HTTP status',
      labelNames: ['route', 'status'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
};

export type KeyhostMetrics = ReturnType<typeof createKeyhostMetrics>;
