import { Counter, Gauge, type Registry } from 'prom-client';
import { jobMetrics } from './jobMetrics.ts';
import { modelMetrics } from './modelMetrics.ts';

/** Metrics of the preprovision pipeline, registered where the caller says. */
export const preprovisionMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    ...jobMetrics(registry, 'preprovision'),
    ...modelMetrics(registry, 'preprovision'),
    decisions: new Counter({
      name: 'ebbtide_preprovision_decisions_total',
      help: 'Decisions on pairs of user and machine',
      labelNames: ['action'],
      registers,
    }),
    comparedPairs: new Counter({
      name: 'ebbtide_preprovision_compared_forecasts_total',
      help: 'Forecasts of an hour by the model in force for which a challenger made one beside',
      registers,
    }),
    comparedLoss: new Counter({
      name: 'ebbtide_preprovision_compared_log_loss_total',
      help: 'Log loss of those forecasts and of those beside them, nats; divided by their number, the lower is the better',
      labelNames: ['role'],
      registers,
    }),
    prepared: new Gauge({
      name: 'ebbtide_preprovision_prepared',
      help: 'Pairs for which a credential was decided upon and whose window has not ended',
      registers,
    }),
  };
};
