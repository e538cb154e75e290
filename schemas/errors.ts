/** Every way in which Ebbtide refuses or fails, as one closed set that callers can switch over. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'POLICY_INVALID'
  | 'SCHEMA_UNKNOWN'
  | 'SCHEMA_INCOMPATIBLE'
  | 'RECORD_MALFORMED'
  | 'RECORD_OUT_OF_RANGE'
  | 'RECORD_TIME_IMPLAUSIBLE'
  | 'RECORD_LATE'
  | 'KAFKA_UNAVAILABLE'
  | 'KAFKA_FENCED'
  | 'KAFKA_REJECTED'
  | 'STATE_CORRUPT'
  | 'MODEL_DAMAGED'
  | 'MODEL_INCOMPATIBLE'
  | 'REGISTRY_UNAVAILABLE'
  | 'REGISTRY_FULL'
  | 'REGISTRY_CONFLICT'
  | 'RUNTIME_MISSING'
  | 'VAULT_UNAVAILABLE'
  | 'VAULT_SEALED'
  | 'VAULT_RATE_LIMITED'
  | 'VAULT_FORBIDDEN'
  | 'VAULT_NOT_FOUND'
  | 'VAULT_REJECTED'
  | 'CLICKHOUSE_UNAVAILABLE'
  | 'CLICKHOUSE_REJECTED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'REQUEST_INVALID'
  | 'CONFLICT'
  | 'FEED_UNAVAILABLE'
  | 'FEED_INVALID'
  | 'FEED_SHRUNK'
  | 'ADDRESS_FORBIDDEN'
  | 'WEBHOOK_FAILED'
  | 'SIGNAL_REFUSED'
  | 'SPOOL_FULL'
  | 'SERVICE_MISSING'
  | 'DATA_MISSING'
  | 'CANCELLED';

/**
 * An error with a code to act on, the values it is about, and its cause.
 *
 * Messages are in sentence case, without a final period, show the bad value and say what to do.
 * `details` must never hold a secret: it is logged and shown.
 *
 * @example
 * throw new EbbtideError('CONFIG_INVALID', 'Key policy.ttl.high must lie between 0 and 1, got 7', { key: 'policy.ttl.high' });
 */
export class EbbtideError extends Error {
  override readonly name = 'EbbtideError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** Narrow an unknown thrown value to an {@link EbbtideError}, optionally of one code. */
export const isEbbtideError = (error: unknown, code?: ErrorCode): error is EbbtideError =>
  error instanceof EbbtideError && (code === undefined || error.code === code);
