import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of the lifecycle pipeline, registered where the caller says. */
export const lifecycleMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    messages: new Counter({
      name: 'ebbtide_lifecycle_messages_total',
      help: 'Telemetry messages processed',
      registers,
    }),
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
    passedOver: new Counter({
      name: 'ebbtide_lifecycle_passed_over_records_total',
      help: 'Records of joined topics that can never be read',
      labelNames: ['topic'],
      registers,
    }),
    records: new Counter({ name: 'ebbtide_lifecycle_records_total', help: 'Records written', registers }),
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
    restarts: new Counter({
      name: 'ebbtide_lifecycle_restarts_total',
      help: 'Times the job began anew after an error',
      registers,
    }),
    process: new Histogram({
      name: 'ebbtide_lifecycle_batch_seconds',
      help: 'From a batch read to its records made',
      buckets: seconds,
      registers,
    }),
    commit: new Histogram({
      name: 'ebbtide_lifecycle_commit_seconds',
      help: 'Time of a transaction',
      buckets: seconds,
      registers,
    }),
    restore: new Gauge({
      name: 'ebbtide_lifecycle_restore_seconds',
      help: 'Time the last restore of a partition took',
      registers,
    }),
    subjects: new Gauge({ name: 'ebbtide_lifecycle_subjects', help: 'Subjects tracked', registers }),
    openWindows: new Gauge({ name: 'ebbtide_lifecycle_open_windows', help: 'Windows open', registers }),
    lag: new Gauge({ name: 'ebbtide_lifecycle_lag_messages', help: 'Messages not yet read', registers }),
    watermark: new Gauge({
      name: 'ebbtide_lifecycle_watermark_seconds',
      help: 'Event time that a partition has come to, seconds since the epoch',
      labelNames: ['partition'],
      registers,
    }),
    partitions: new Gauge({ name: 'ebbtide_lifecycle_partitions', help: 'Partitions assigned', registers }),
  };
};

export type LifecycleMetrics = ReturnType<typeof lifecycleMetrics>;
