import { emptyCall } from '../../../schemas/apiCall.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';

export const t0 = Date.UTC(2026, 0, 5, 12);

/** A call that nobody would look at twice, but for what is given. */
export const callAt = (time: number, rest: Partial<ApiTelemetry> = {}): ApiTelemetry => ({
  ...emptyCall,
  frontendCredential: 'cred-1',
  service: 'orders',
  operation: 'GET /orders/{id}',
  status: 200,
  responseBytes: 500,
  address: '192.0.2.7',
  userAgent: 'app/1.2',
  time,
  ...rest,
});
