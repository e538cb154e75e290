import { Counter, Gauge, type Registry } from 'prom-client';
import { tracedHistogram } from '../tracing/tracedHistogram.ts';

/** What the actuator counts. */
export type ActuatorMetrics = ReturnType<typeof createActuatorMetrics>;

/**
 * The actuator's metrics.
 *
 * @param read - gives the current values of the gauges
 */
export const createActuatorMetrics = (
  registry: Registry,
  read: {
    inFlight(): number;
    oldestWaitingMs(): number;
    watched(): number;
    vaultAway(): boolean;
    registered(): number;
    killSwitches(): number;
    exemptions(): number;
    /** Messages of decisions not yet read; rejects while Kafka is away. */
    lag(): Promise<number>;
  },
) => {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('ebbtide_actuator_in_flight_decisions', 'Decisions being worked on', read.inFlight);
  gauge(
    'ebbtide_actuator_oldest_waiting_seconds',
    'Age of the oldest decision being worked on',
    () => read.oldestWaitingMs() / 1000,
  );
  gauge('ebbtide_actuator_watched_credentials', 'Shortened credentials that are looked at again', read.watched);
  gauge('ebbtide_actuator_registered_credentials', 'Credentials in the register', read.registered);
  gauge(
    'ebbtide_actuator_kill_switches',
    'Kill switches that are on, of all, pipelines and subjects',
    read.killSwitches,
  );
  gauge('ebbtide_actuator_exemptions', 'Exemptions in force, of all, pipelines and subjects', read.exemptions);
  gauge('ebbtide_actuator_vault_away', '1 while decisions wait for Vault', () => (read.vaultAway() ? 1 : 0));
  new Gauge({
    name: 'ebbtide_actuator_lag_messages',
    help: 'Decisions not yet read; absent while Kafka does not answer',
    registers,
    async collect() {
      const lag = await read.lag().catch(() => undefined);
      if (lag === undefined) this.remove();
      else this.set(lag);
    },
  });
  const effects = new Counter({
    name: 'ebbtide_actuator_effects_total',
    help: 'Effects written, by action, outcome and reason of skipping',
    labelNames: ['action', 'outcome', 'skipped'] as const,
    registers,
  });
  // From zero, so that the first one is an increase
  for (const action of ['revoke', 'shorten'])
    for (const skipped of ['budget', 'killSwitch', 'shadow']) effects.inc({ action, outcome: 'skipped', skipped }, 0);
  return {
    received: new Counter({
      name: 'ebbtide_actuator_decisions_total',
      help: 'Decisions received, by action',
      labelNames: ['action'] as const,
      registers,
    }),
    redelivered: new Counter({
      name: 'ebbtide_actuator_redelivered_total',
      help: 'Decisions that came again after their effect was written',
      registers,
    }),
    effects,
    errors: new Counter({
      name: 'ebbtide_actuator_errors_total',
      help: 'Failed tries, by error code',
      labelNames: ['code'] as const,
      registers,
    }),
    revived: new Counter({
      name: 'ebbtide_actuator_revived_total',
      help: 'Shortened credentials found to have extended themselves',
      registers,
    }),
    switched: new Counter({
      name: 'ebbtide_actuator_scope_switches_total',
      help: 'Narrowed credentials whose policy at Vault was lifted or bound by what administrators have set, or by expiry',
      labelNames: ['to'] as const,
      registers,
    }),
    rejected: new Counter({
      name: 'ebbtide_actuator_dead_letters_total',
      help: 'Records of decisions that could not be read',
      registers,
    }),
    observeLatency: tracedHistogram(registry, {
      name: 'ebbtide_actuator_latency_seconds',
      help: "From a decision's arrival to its effect, by action",
      label: 'action',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    }),
  };
};
