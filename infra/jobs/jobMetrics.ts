import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Metrics that every job has, registered where the caller says.
 *
 * @param pipeline - part of their names
 */
export const jobMetrics = (registry: Registry, pipeline: string) => {
  const registers = [registry];
  const named = (name: string) => `ebbtide_${pipeline}_${name}`;
  return {
    messages: new Counter({ name: named('messages_total'), help: 'Telemetry messages processed', registers }),
    passedOver: new Counter({
      name: named('passed_over_records_total'),
      help: 'Records of joined topics that can never be read',
      labelNames: ['topic'],
      registers,
    }),
    records: new Counter({ name: named('records_total'), help: 'Records written', registers }),
    restarts: new Counter({
      name: named('restarts_total'),
      help: 'Times the job began anew after an error',
      registers,
    }),
    process: new Histogram({
      name: named('batch_seconds'),
      help: 'From a batch read to its records made',
      buckets: seconds,
      registers,
    }),
    commit: new Histogram({
      name: named('commit_seconds'),
      help: 'Time of a transaction',
      buckets: seconds,
      registers,
    }),
    restore: new Gauge({
      name: named('restore_seconds'),
      help: 'Time the last restore of a partition took',
      registers,
    }),
    subjects: new Gauge({ name: named('subjects'), help: 'Subjects tracked', registers }),
    lag: new Gauge({ name: named('lag_messages'), help: 'Messages not yet read', registers }),
    watermark: new Gauge({
      name: named('watermark_seconds'),
      help: 'Event time that a partition has come to, seconds since the epoch',
      labelNames: ['partition'],
      registers,
    }),
    partitions: new Gauge({ name: named('partitions'), help: 'Partitions assigned', registers }),
  };
};

export type JobMetrics = ReturnType<typeof jobMetrics>;

/** Add what was counted since the last time to the counters of the same names, and begin at zero. */
export const drainCounts = <Name extends string>(
  counts: Record<Name, number>,
  counters: Readonly<Record<NoInfer<Name>, Counter>>,
): void => {
  for (const name of Object.keys(counts) as Name[]) {
    counters[name].inc(counts[name]);
    counts[name] = 0;
  }
};
