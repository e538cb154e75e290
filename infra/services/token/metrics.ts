import { Counter, Histogram, type Registry } from 'prom-client';

/** What the token service counts. */
export type TokenServiceMetrics = ReturnType<typeof createTokenServiceMetrics>;

export const createTokenServiceMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    issued: new Counter({
      name: 'ebbtide_token_service_issued_total',
      help: 'Credentials issued, by kind',
      labelNames: ['kind'] as const,
      registers,
    }),
    renewals: new Counter({
      name: 'ebbtide_token_service_renewals_total',
      help: 'Renewals asked for, by result: granted or the code of the refusal',
      labelNames: ['result'] as const,
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'ebbtide_token_service_request_seconds',
      help: 'Requests, by route and HTTP status',
      labelNames: ['route', 'status'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
};
