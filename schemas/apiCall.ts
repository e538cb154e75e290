import type { ApiTelemetry } from './generated/ApiTelemetry.ts';

/** A record of API telemetry with nothing in it: what clock records and calls from elsewhere begin with. */
export const emptyCall: ApiTelemetry = {
  frontendCredential: '',
  service: '',
  operation: '',
  time: 0,
  status: 0,
  requestBytes: 0,
  responseBytes: 0,
  durationMs: 0,
  address: null,
  latitude: null,
  longitude: null,
  scope: '',
  denied: false,
  errorCode: '',
  userAgent: '',
  group: '',
  threatFeed: '',
  threatIndicator: '',
  threatConfidence: 0,
  clock: null,
};
