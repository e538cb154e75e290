import { Counter, Gauge, type Registry } from 'prom-client';

/** Metrics of retraining. */
export const retrainMetrics = (registry: Registry, kinds: readonly string[]) => {
  const registers = [registry];
  const outcomes = new Counter({
    name: 'ebbtide_retrain_runs_total',
    help: 'Retrainings by outcome: promoted, kept, skipped, failed',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  // From zero, so that the first one is an increase
  for (const kind of kinds)
    for (const outcome of ['promoted', 'kept', 'skipped', 'failed']) outcomes.inc({ kind, outcome }, 0);
  return {
    outcomes,
    waiting: new Gauge({
      name: 'ebbtide_retrain_labels_waiting',
      help: 'Labels that no model has learned from yet',
      labelNames: ['kind'],
      registers,
    }),
  };
};
