import { Counter, Gauge, type Registry } from 'prom-client';
import { jobMetrics } from './jobMetrics.ts';
import { modelMetrics } from './modelMetrics.ts';

/** Metrics of the lifecycle pipeline, registered where the caller says. */
export const lifecycleMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    ...jobMetrics(registry, 'lifecycle'),
    ...modelMetrics(registry, 'lifecycle'),
    samples: new Counter({ name: 'ebbtide_lifecycle_samples_total', help: 'Samples processed', registers }),
    late: new Counter({
      name: 'ebbtide_lifecycle_late_samples_total',
      help: 'Samples of windows that had closed',
      registers,
    }),
    rejected: new Counter({
      name: 'ebbtide_lifecycle_rejected_samples_total',
      help: 'Samples with NaN, infinite or negative values, or of an implausible time',
      registers,
    }),
    unregistered: new Counter({
      name: 'ebbtide_lifecycle_unregistered_windows_total',
      help: 'Windows of credentials that are not in the register',
      registers,
    }),
    withheld: new Counter({
      name: 'ebbtide_lifecycle_withheld_decisions_total',
      help: 'Harsh decisions that were withheld',
      registers,
    }),
    alarms: new Counter({
      name: 'ebbtide_lifecycle_alarms_total',
      help: 'Alarms raised within the promised rate of false ones',
      registers,
    }),
    drifts: new Counter({
      name: 'ebbtide_lifecycle_drifts_total',
      help: 'Times that p-values stopped being uniform',
      registers,
    }),
    drift: new Gauge({
      name: 'ebbtide_lifecycle_drift_distance',
      help: 'Largest distance between the distribution of p-values and the uniform one, 0 to 1',
      labelNames: ['partition'],
      registers,
    }),
    openWindows: new Gauge({ name: 'ebbtide_lifecycle_open_windows', help: 'Windows open', registers }),
  };
};
