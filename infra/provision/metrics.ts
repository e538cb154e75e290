import { Counter, Gauge, type Registry } from 'prom-client';

/** What the provisioning engine counts. */
export type ProvisionMetrics = ReturnType<typeof createProvisionMetrics>;

export const createProvisionMetrics = (
  registry: Registry,
  state: { readonly waiting: () => number; readonly lying: () => number },
) => {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('ebbtide_provision_waiting_pairs', 'Pairs whose credential is to be prepared', state.waiting);
  gauge('ebbtide_provision_prepared_pairs', 'Pairs whose credential lies prepared, as far as is known', state.lying);
  return {
    steps: new Counter({
      name: 'ebbtide_provision_steps_total',
      help: 'Steps of provisions, by the state reached',
      labelNames: ['state'] as const,
      registers,
    }),
    failures: new Counter({
      name: 'ebbtide_provision_failures_total',
      help: 'Tries to prepare a credential, or to look at one that lies prepared, that failed, by the code of the error',
      labelNames: ['code'] as const,
      registers,
    }),
  };
};
