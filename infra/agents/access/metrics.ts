import { Counter, type Registry } from 'prom-client';

/** Metrics of the collector of accesses. */
export const collectorMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    told: new Counter({
      name: 'ebbtide_access_collector_records_total',
      help: 'Records written, by source',
      labelNames: ['source'] as const,
      registers,
    }),
    refusals: new Counter({
      name: 'ebbtide_access_collector_refused_total',
      help: 'Lines and entries that could not be read, by source',
      labelNames: ['source'] as const,
      registers,
    }),
  };
};
