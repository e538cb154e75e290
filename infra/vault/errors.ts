import { EbbtideError, type ErrorCode, isEbbtideError } from '../../schemas/errors.ts';
import type { TransportResponse } from './transport.ts';

const tokenLike = /\b(?:hv[sbr]|[sbr])\.[\w-]{16,}/g;
/** What a node says that has lost its leader or its quorum, whatever the status it says it with. */
const noLeader =
  /leadership lost|not the leader|no leader|not active|cluster leader|raft is already|failed to persist/i;

/** Vault's own words, shortened, with anything blanked out that looks like a token. */
const wordsOf = (body: unknown): string => {
  const errors = (body as { errors?: unknown } | undefined)?.errors;
  const text = Array.isArray(errors) ? errors.join('; ') : typeof body === 'string' ? body : '';
  return text
    .replace(/^\d+ errors? occurred:/, '')
    .replace(/\s*\n\s*\*?\s*/g, ' ')
    .replace(tokenLike, '[redacted]')
    .trim()
    .slice(0, 300);
};

/** An engine could not end what a lease stands for: the database is away, though Vault is not. */
const engineFailed = /failed to revoke/i;

const codeOf = (status: number, words: string): ErrorCode => {
  if (noLeader.test(words) || engineFailed.test(words)) return 'VAULT_UNAVAILABLE';
  if (status === 503) return 'VAULT_SEALED';
  if (status === 429) return 'VAULT_RATE_LIMITED';
  if (status === 403) return 'VAULT_FORBIDDEN';
  if (status === 404 || /invalid accessor|token not found|lease not found|invalid lease/i.test(words))
    return 'VAULT_NOT_FOUND';
  if (status >= 500 || status === 0) return 'VAULT_UNAVAILABLE';
  return 'VAULT_REJECTED';
};

/**
 * The error that an answer of Vault stands for. Its details have `status`, `path`, where said `retryAfterMs`, and
 * `onlyThis` where the failure seems to concern this request alone, and not all of them.
 */
export const errorOfAnswer = (method: string, path: string, answer: TransportResponse): EbbtideError => {
  const words = wordsOf(answer.body);
  const said = words === '' ? 'without a reason' : `with "${words}"`;
  const code = codeOf(answer.statusCode, words);
  const onlyThis = code === 'VAULT_UNAVAILABLE' && !noLeader.test(words);
  return new EbbtideError(code, `Vault answered ${method} ${path} by ${answer.statusCode}, ${said}`, {
    status: answer.statusCode,
    path,
    ...(onlyThis ? { onlyThis } : {}),
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
};

/**
 * The error of a request that got no answer. The cause is cut down to its code: request errors carry headers.
 *
 * `unsent` in the details says that the request certainly did not reach Vault.
 */
export const errorOfFailure = (method: string, path: string, error: unknown): EbbtideError => {
  const { name, code } = error as { name?: string; code?: string };
  const why = name === 'TimeoutError' ? 'no answer in time' : (code ?? name ?? 'unknown failure');
  const unsent = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EHOSTUNREACH';
  return new EbbtideError('VAULT_UNAVAILABLE', `Vault did not answer ${method} ${path}: ${why}`, {
    status: 0,
    path,
    reason: why,
    unsent,
  });
};

/** Whether trying again later may help: Vault is away, sealed, without a leader, or limits the rate. */
export const isPassing = (error: unknown): boolean =>
  isEbbtideError(error, 'VAULT_UNAVAILABLE') ||
  isEbbtideError(error, 'VAULT_SEALED') ||
  isEbbtideError(error, 'VAULT_RATE_LIMITED');

/** HTTP status that an error of this client carries, 0 where there was no answer. */
export const statusOf = (error: unknown): number =>
  isEbbtideError(error) && typeof error.details.status === 'number' ? error.details.status : 0;
