import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Config } from '../config/config.ts';
import { readSecret } from '../vault/session.ts';
import { findRunning } from './running.ts';

/** Options of every command that asks the delivery service. */
export interface DeliveryClientOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly identity?: string;
}

/** Asks the delivery service as its user. */
export type AskDelivery = (
  method: 'POST' | 'PUT',
  path: string,
  body: object,
  headers?: Record<string, string>,
) => Promise<Record<string, unknown>>;

const timeoutMs = 30_000;

/**
 * @throws {EbbtideError} `CONFIG_INVALID` where there is no token, or the address is none
 */
export const deliveryClient = async (
  { delivery }: Config,
  { server, tokenFile }: DeliveryClientOptions,
): Promise<AskDelivery> => {
  const scheme = delivery.tlsCertFile === undefined ? 'http' : 'https';
  const base = server ?? findRunning()?.delivery ?? `${scheme}://${delivery.host}:${delivery.port}`;
  if (!URL.canParse(base)) throw new EbbtideError('CONFIG_INVALID', `Option --server must be a URL, got ${base}`, {});
  const token = await vaultToken(tokenFile);
  return async (method, path, body, headers = {}) => {
    const response = await fetch(new URL(path, base), {
      method,
      headers: { ...headers, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: Error) => {
      const why = (cause.cause as { code?: string } | undefined)?.code ?? cause.name;
      throw new EbbtideError('SERVICE_MISSING', `The delivery service at ${base} does not answer: ${why}`, { base });
    });
    // A proxy's page is no JSON
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    if (response.ok) return answer;
    throw refusalOf(response.status, answer);
  };
};

const refusalOf = (status: number, { detail, code, correlationId }: Record<string, unknown>): EbbtideError => {
  const kind =
    status === 401 ? 'UNAUTHENTICATED' : status === 403 ? 'FORBIDDEN' : status === 404 ? 'NOT_FOUND' : undefined;
  const words = `${detail ?? `The delivery service answered ${status}`} (${code ?? status}, ${correlationId ?? 'no id'})`;
  return new EbbtideError(kind ?? (status >= 500 ? 'SERVICE_MISSING' : 'REQUEST_INVALID'), words, { status });
};

const vaultToken = async (tokenFile: string | undefined): Promise<string> => {
  const token = tokenFile
    ? await readSecret(tokenFile)
    : (process.env.VAULT_TOKEN ??
      process.env.BAO_TOKEN ??
      (await readFile(join(homedir(), '.vault-token'), 'utf8').catch(() => '')));
  if (token.trim() !== '') return token.trim();
  const text =
    'There is no Vault token of yours; log in ("bao login"), set VAULT_TOKEN, or name a file with --token-file';
  throw new EbbtideError('CONFIG_INVALID', text, {});
};
