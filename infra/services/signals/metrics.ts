import { Counter, type Registry } from 'prom-client';

/** Metrics of shared signals. Names of receivers are configured, and so bounded. */
export const signalsMetrics = (registry: Registry) => {
  const registers = [registry];
  const queued = new Counter({
    name: 'ebbtide_signals_queued_total',
    help: 'Security event tokens put into streams',
    labelNames: ['receiver'],
    registers,
  });
  const givenUp = new Counter({
    name: 'ebbtide_signals_given_up_total',
    help: 'Undelivered tokens that were given up for newer ones',
    labelNames: ['receiver'],
    registers,
  });
  const delivered = new Counter({
    name: 'ebbtide_signals_deliveries_total',
    help: 'Deliveries of tokens by method and what came of them',
    labelNames: ['method', 'outcome'],
    registers,
  });
  const taken = new Counter({
    name: 'ebbtide_signals_received_total',
    help: 'Tokens received, by what became of them or why they were refused',
    labelNames: ['outcome'],
    registers,
  });
  // From zero, so that the first one is an increase
  for (const outcome of ['invalid_key', 'invalid_issuer', 'invalid_audience']) taken.inc({ outcome }, 0);
  return {
    queued: (receiver: string) => queued.inc({ receiver }),
    givenUp: (receiver: string, count: number) => givenUp.inc({ receiver }, count),
    delivered: (method: 'push' | 'poll', outcome: string, count = 1) => delivered.inc({ method, outcome }, count),
    taken: (outcome: string) => taken.inc({ outcome }),
  };
};
