import { ClickHouseError } from '@clickhouse/client';
import { EbbtideError } from '../../schemas/errors.ts';

/** ClickHouse's own names of errors that pass by themselves. */
const passing = new Set([
  'ABORTED',
  'ALL_CONNECTION_TRIES_FAILED',
  'CANNOT_SCHEDULE_TASK',
  'CANNOT_WRITE_TO_FILE_DESCRIPTOR',
  'DEADLOCK_AVOIDED',
  'KEEPER_EXCEPTION',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'NOT_ENOUGH_SPACE',
  'NO_FREE_CONNECTION',
  'QUERY_WAS_CANCELLED',
  'S3_ERROR',
  'SERVER_OVERLOADED',
  'SOCKET_TIMEOUT',
  'SYSTEM_ERROR',
  'TABLE_IS_READ_ONLY',
  'TIMEOUT_EXCEEDED',
  'TOO_FEW_LIVE_REPLICAS',
  'TOO_MANY_PARTS',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'UNKNOWN_STATUS_OF_INSERT',
]);

const password = 'check clickhouse.username and its password';
const hints: Readonly<Record<string, string>> = {
  AUTHENTICATION_FAILED: password,
  REQUIRED_PASSWORD: password,
  WRONG_PASSWORD: password,
  ACCESS_DENIED: 'grant the user what the message names',
  UNKNOWN_DATABASE: 'run the migrations, or check clickhouse.database',
  UNKNOWN_TABLE: 'run the migrations, or check clickhouse.database',
  READONLY: 'queries can only read',
};

/** ClickHouse's message without its version and its advice in further paragraphs, and short enough to show. */
const shown = (message: string): string =>
  message
    .replace(/\s*\(version [^)]*\)?\s*$/, '')
    .split('\n\n', 1)[0]!
    .trim()
    .replace(/\.$/, '')
    .slice(0, 1000);

/**
 * Any failure of the client as an {@link EbbtideError}: `CLICKHOUSE_UNAVAILABLE` where trying again makes sense,
 * `CLICKHOUSE_REJECTED` where ClickHouse refuses and would refuse again, `CANCELLED` when we ended it ourselves.
 *
 * @param what - what failed, as the beginning of a sentence
 */
export const clickhouseError = (what: string, cause: unknown, signal?: AbortSignal): EbbtideError => {
  if (cause instanceof EbbtideError) return cause;
  if (signal?.aborted) return new EbbtideError('CANCELLED', `${what}: stopped`, {}, cause);
  if (cause instanceof ClickHouseError) {
    const type = cause.type ?? '';
    const hint = hints[type] ? `; ${hints[type]}` : '';
    const code = passing.has(type) ? 'CLICKHOUSE_UNAVAILABLE' : 'CLICKHOUSE_REJECTED';
    return new EbbtideError(
      code,
      `${what}: ${shown(cause.message)} (${type || cause.code})${hint}`,
      { type, number: Number(cause.code) },
      cause,
    );
  }
  const { message, code } = cause as NodeJS.ErrnoException;
  return new EbbtideError(
    'CLICKHOUSE_UNAVAILABLE',
    `${what}: ${shown(message || String(code ?? cause))}`,
    { type: code ?? 'HTTP' },
    cause,
  );
};
