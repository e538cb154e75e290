import { setTimeout as sleep } from 'node:timers/promises';
import { EbbtideError } from '../../schemas/errors.ts';
import { type GuardedServer, logTail } from '../setup/guarded.ts';

const pollMs = 25;
const requestTimeoutMs = 10_000;

/**
 * One request to OpenBao's HTTP API, for what must be done before any client is there.
 *
 * @param path - below `/v1/`
 * @returns the body, `undefined` when it is empty
 * @throws EbbtideError `VAULT_REJECTED` with the status and OpenBao's own words
 */
export const askOpenBao = async <T = undefined>(
  address: string,
  method: 'GET' | 'PUT',
  path: string,
  { token, body }: { readonly token?: string; readonly body?: unknown } = {},
): Promise<T> => {
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    headers: token ? { 'X-Vault-Token': token } : {},
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : undefined) as T;
  const message = `OpenBao refused ${method} ${path} with ${response.status}: ${text.trim().slice(0, 500)}`;
  throw new EbbtideError('VAULT_REJECTED', message, { path, status: response.status });
};

/** What `sys/health` says, whatever its HTTP status. */
export interface OpenBaoHealth {
  readonly initialized: boolean;
  readonly sealed: boolean;
  readonly standby: boolean;
}

const health = async (address: string): Promise<OpenBaoHealth | undefined> => {
  try {
    const response = await fetch(`${address}/v1/sys/health`, { signal: AbortSignal.timeout(requestTimeoutMs) });
    return (await response.json()) as OpenBaoHealth;
  } catch {
    return undefined;
  }
};

/**
 * Wait until a starting server answers at all, or is unsealed and leads.
 *
 * @param want - `answers`, or `serves` requests
 * @throws EbbtideError `VAULT_UNAVAILABLE` when it ends or takes longer than `timeoutMs`; the message has its last words
 */
export const untilReady = async (
  address: string,
  server: GuardedServer,
  logFile: string,
  timeoutMs: number,
  want: 'answers' | 'serves' = 'serves',
): Promise<OpenBaoHealth> => {
  const deadline = performance.now() + timeoutMs;
  while (server.isRunning() && performance.now() < deadline) {
    const answer = await health(address);
    // A server that has just ended leaves its port to anybody
    if (
      answer &&
      server.isRunning() &&
      (want === 'answers' || (answer.initialized && !answer.sealed && !answer.standby))
    ) {
      return answer;
    }
    await sleep(pollMs);
  }
  const what = server.isRunning() ? `did not get ready within ${timeoutMs} ms` : 'ended while starting';
  await server.stop();
  throw new EbbtideError(
    'VAULT_UNAVAILABLE',
    `OpenBao at ${address} ${what}; its log ends with:\n${logTail(logFile)}`,
    {
      address,
      logFile,
    },
  );
};
