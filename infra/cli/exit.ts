import { type ErrorCode, isEbbtideError } from '../../schemas/errors.ts';

/** What the process's exit status means; documented in `ebbtide --help`. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

const usage: readonly ErrorCode[] = ['CONFIG_INVALID', 'POLICY_INVALID', 'REQUEST_INVALID'];
const unreachable: readonly ErrorCode[] = [
  'KAFKA_UNAVAILABLE',
  'VAULT_UNAVAILABLE',
  'VAULT_SEALED',
  'CLICKHOUSE_UNAVAILABLE',
  'REGISTRY_UNAVAILABLE',
  'SERVICE_MISSING',
];

/** The exit status for an error that ended a command. */
export const exitCodeOf = (error: unknown): number => {
  if (!isEbbtideError(error)) return exitCodes.failed;
  if (error.code === 'CANCELLED') return exitCodes.interrupted;
  if (usage.includes(error.code)) return exitCodes.usage;
  return unreachable.includes(error.code) ? exitCodes.unreachable : exitCodes.failed;
};
