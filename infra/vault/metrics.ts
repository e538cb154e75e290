import { Histogram, type Registry } from 'prom-client';

/** Metrics of requests to Vault. */
export interface VaultMetrics {
  readonly requestSeconds: Histogram<'service' | 'operation' | 'status'>;
}

/** The metrics of Vault clients; several clients of one process share them. */
export const createVaultMetrics = (registry: Registry): VaultMetrics => {
  const name = 'ebbtide_vault_request_seconds';
  const existing = registry.getSingleMetric(name) as VaultMetrics['requestSeconds'] | undefined;
  return {
    requestSeconds:
      existing ??
      new Histogram({
        name,
        help: 'Requests to Vault by service, operation and HTTP status (0: no answer)',
        labelNames: ['service', 'operation', 'status'] as const,
        buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        registers: [registry],
      }),
  };
};
