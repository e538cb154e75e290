import { Counter, Histogram, type Registry } from 'prom-client';

/** What the delivery service counts. */
export type DeliveryMetrics = ReturnType<typeof createDeliveryMetrics>;

export const createDeliveryMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'ebbtide_delivery_requests_total',
      help: 'Requests for credentials, by how they were served or the code of the refusal',
      labelNames: ['result'] as const,
      registers,
    }),
    seconds: new Histogram({
      name: 'ebbtide_delivery_seconds',
      help: 'Hand-overs from the request to the answer, by how they were served',
      labelNames: ['served'] as const,
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
};
