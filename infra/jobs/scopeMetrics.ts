import { Counter, Gauge, type Registry } from 'prom-client';
import { jobMetrics } from './jobMetrics.ts';
import { modelMetrics } from './modelMetrics.ts';

/** Metrics of the scope pipeline, registered where the caller says. */
export const scopeMetrics = (registry: Registry) => {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `ebbtide_scope_${name}_total`, help, registers });
  return {
    ...jobMetrics(registry, 'scope'),
    ...modelMetrics(registry, 'scope'),
    calls: counter('calls', 'API calls processed'),
    late: counter('late_calls', 'Calls of windows that had closed'),
    rejected: counter('rejected_calls', 'Calls of an implausible time'),
    assessments: counter('assessments', 'Windows, and parts of windows, that were assessed'),
    narrowed: counter('narrowed', 'Scopes narrowed'),
    widened: counter('widened', 'Scopes widened'),
    withheld: counter('withheld', 'Narrowings that were withheld'),
    inForce: new Gauge({
      name: 'ebbtide_scope_overrides_in_force',
      help: 'Credentials whose scope is narrowed',
      registers,
    }),
  };
};
