import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the gateway is asked for when its gauges are read. */
export interface GatewayLevels {
  rows(): number;
  overrides(): number;
  /** Milliseconds. */
  ageMs(): number;
  telemetryPending(): number;
}

/** What the gateway counts. */
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

export const createGatewayMetrics = (registry: Registry, levels: GatewayLevels) => {
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
  gauge('ebbtide_gateway_rows', 'Rows of the translation table in memory', () => levels.rows());
  gauge('ebbtide_gateway_overrides', 'Overrides of scope in memory', () => levels.overrides());
  gauge('ebbtide_gateway_table_age_seconds', 'How long ago it was sure that the table is complete', () =>
    Math.min(levels.ageMs() / 1000, 1e9),
  );
  gauge('ebbtide_gateway_telemetry_pending', 'Telemetry records that wait for Kafka', () => levels.telemetryPending());
  const decisions = new Counter({
    name: 'ebbtide_gateway_decisions_total',
    help: 'Requests decided, by status answered and why',
    labelNames: ['status', 'because'] as const,
    registers,
  });
  const kinds = new Map<string, ReturnType<typeof decisions.labels>>();
  return {
    /** Count a decision. */
    decided(status: number, because: string): void {
      const kind = status + because;
      let counter = kinds.get(kind);
      if (!counter) {
        counter = decisions.labels(String(status), because);
        kinds.set(kind, counter);
      }
      counter.inc();
    },
    wouldRefuse: new Counter({
      name: 'ebbtide_gateway_would_refuse_total',
      help: 'Requests let through that enforcement would have refused: shadow mode, or a route that fails open',
      registers,
    }),
    seconds: new Histogram({
      name: 'ebbtide_gateway_decision_seconds',
      help: 'Time within the service for one decision',
      buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05],
      registers,
    }),
    telemetryDropped: new Counter({
      name: 'ebbtide_gateway_telemetry_dropped_total',
      help: 'Telemetry records given up: the buffer was full, or Kafka did not take them',
      registers,
    }),
    telemetrySent: new Counter({
      name: 'ebbtide_gateway_telemetry_sent_total',
      help: 'Telemetry records handed over to Kafka; those that it did not take are counted as dropped too',
      registers,
    }),
  };
};
