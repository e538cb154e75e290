import { Counter, type Registry } from 'prom-client';
import { jobMetrics } from './jobMetrics.ts';
import { modelMetrics } from './modelMetrics.ts';

/** Metrics of the keylife pipeline, registered where the caller says. */
export const keylifeMetrics = (registry: Registry) => {
  const counter = (name: string, help: string) =>
    new Counter({ name: `ebbtide_keylife_${name}_total`, help, registers: [registry] });
  return {
    ...jobMetrics(registry, 'keylife'),
    ...modelMetrics(registry, 'keylife'),
    bursts: counter('bursts', 'Bursts of behaviour processed'),
    faulty: counter('faulty_bursts', 'Bursts that no person made'),
    repeated: counter('repeated_bursts', 'Bursts that had come before, and were not counted again'),
    erased: counter('erased_bursts', 'Bursts of users whose key was erased'),
    rejected: counter('rejected_messages', 'Messages that cannot be read or cannot be true'),
    cut: counter('cut_keys', 'Decisions that cut the life of a key'),
  };
};
