import type { Registry } from 'prom-client';
import { collectorMetrics } from '../../../infra/agents/access/metrics.ts';
import { type AgentCounts, agentMetrics } from '../../../infra/agents/host/counts.ts';
import { registerAgentMetrics } from '../../../infra/agents/host/metrics.ts';
import { notifyMetrics } from '../../../infra/alerts/metrics.ts';
import { keylifeMetrics } from '../../../infra/jobs/keylifeMetrics.ts';
import { lifecycleMetrics } from '../../../infra/jobs/metrics.ts';
import { preprovisionMetrics } from '../../../infra/jobs/preprovisionMetrics.ts';
import { retrainMetrics } from '../../../infra/jobs/retrain/metrics.ts';
import { scopeMetrics } from '../../../infra/jobs/scopeMetrics.ts';
import { createMetrics } from '../../../infra/metrics.ts';
import { createProvisionMetrics } from '../../../infra/provision/metrics.ts';
import { createDeliveryMetrics } from '../../../infra/services/delivery/metrics.ts';
import { createGatewayMetrics } from '../../../infra/services/gateway/metrics.ts';
import { createKeyhostMetrics } from '../../../infra/services/keyhost/metrics.ts';
import { mailMetrics } from '../../../infra/services/mail/metrics.ts';
import { signalsMetrics } from '../../../infra/services/signals/metrics.ts';
import { createTokenServiceMetrics } from '../../../infra/services/token/metrics.ts';
import { threatMetrics } from '../../../infra/threat/start.ts';
import { createActuatorMetrics } from '../../../infra/vault/actuator-metrics.ts';
import { createVaultMetrics } from '../../../infra/vault/metrics.ts';
import { archiveMetrics } from '../../../pipelines/archive/metrics.ts';

/** A metric that some process exports. */
export interface Exported {
  readonly type: string;
  readonly labels: readonly string[];
}

const zero = () => 0;

/** The registry of a process in which everything of ours runs, made by the parts' own code. */
export const registryOfAll = (): Registry => {
  const metrics = createMetrics('test', '0.0.0');
  lifecycleMetrics(metrics);
  scopeMetrics(metrics);
  preprovisionMetrics(metrics);
  keylifeMetrics(metrics);
  archiveMetrics(metrics, async () => 0);
  retrainMetrics(metrics, ['anomaly', 'scope']);
  createVaultMetrics(metrics);
  createActuatorMetrics(metrics, {
    ...{ inFlight: zero, oldestWaitingMs: zero, watched: zero, registered: zero, killSwitches: zero, exemptions: zero },
    ...{ vaultAway: () => false, lag: async () => 0 },
  });
  createGatewayMetrics(metrics, { rows: zero, overrides: zero, ageMs: zero, telemetryPending: zero });
  createTokenServiceMetrics(metrics);
  createDeliveryMetrics(metrics);
  createKeyhostMetrics(metrics);
  createProvisionMetrics(metrics, { waiting: zero, lying: zero });
  signalsMetrics(metrics);
  mailMetrics(metrics);
  threatMetrics({ metrics });
  notifyMetrics({ metrics }, new Map());
  collectorMetrics(metrics);
  registerAgentMetrics(
    metrics,
    () => Object.fromEntries(agentMetrics.map(({ of }) => [of, 0])) as unknown as AgentCounts,
  );
  return metrics;
};

/** Every metric that processes export, with its labels, by the names that Prometheus sees. */
export const exportedMetrics = async (): Promise<ReadonlyMap<string, Exported>> => {
  const registry = registryOfAll();
  const found = new Map<string, Exported>();
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    const { labelNames = [] } = registry.getSingleMetric(name) as unknown as { labelNames?: string[] };
    const labels = [...labelNames];
    const kind = String(type);
    found.set(name, { type: kind, labels });
    if (kind === 'histogram') {
      found.set(`${name}_bucket`, { type: kind, labels: [...labels, 'le'] });
      for (const part of ['sum', 'count']) found.set(`${name}_${part}`, { type: kind, labels });
    }
  }
  return found;
};
