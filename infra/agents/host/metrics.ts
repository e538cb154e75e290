import { Counter, Gauge, type Registry } from 'prom-client';
import { type AgentCounts, agentMetrics } from './counts.ts';

/** Show an agent's figures in a registry; they are read when it is asked. */
export const registerAgentMetrics = (registry: Registry, counts: () => AgentCounts): void => {
  for (const { name, kind, help, of } of agentMetrics) {
    if (registry.getSingleMetric(name)) registry.removeSingleMetric(name);
    if (kind === 'gauge')
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(counts()[of]);
        },
      });
    else
      new Counter({
        name,
        help,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(counts()[of]);
        },
      });
  }
};
