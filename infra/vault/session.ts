import { readFile } from 'node:fs/promises';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Logger } from '../log.ts';
import type { VaultAnswer, VaultClient } from './client.ts';
import type { VaultLogin } from './config.ts';
import { isPassing } from './errors.ts';
import { jitteredBackoffMs } from './retry.ts';

/** setTimeout overflows beyond 2^31 ms (24.8 days), and Vault's default TTL is 32 days. */
const longestTimerMs = 86_400_000;
const renewalBackoff = { retries: 0, backoffMs: 1_000, maxBackoffMs: 60_000 };

/**
 * Logs in, keeps the token alive by renewing it at two thirds of its life, and logs in again when it has ended.
 */
export class VaultSession {
  readonly #login: VaultLogin;
  readonly #client: VaultClient;
  readonly #log: Logger;
  #token: string | undefined;
  #pending: Promise<string> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #expiresAt = Number.POSITIVE_INFINITY;
  #failures = 0;
  #closed = false;

  constructor(login: VaultLogin, client: VaultClient, log: Logger) {
    this.#login = login;
    this.#client = client;
    this.#log = log;
  }

  /** The token in use; logs in where there is none. Concurrent callers share one login. */
  async token(): Promise<string> {
    if (this.#token !== undefined) return this.#token;
    this.#pending ??= this.#begin().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /**
   * Vault refused a request made with `refused`: find out whether the token has ended, and get another if so.
   *
   * @returns true when there is another token to try with, false when the refusal was not about the token
   * @throws {EbbtideError} `UNAUTHENTICATED` when the token has ended and there is no other
   */
  async replace(refused: string): Promise<boolean> {
    if (this.#token !== undefined && this.#token !== refused) return true;
    if (await this.#alive(refused)) return false;
    if (this.#token === refused) this.#token = undefined;
    try {
      if ((await this.token()) !== refused) return true;
    } catch (error) {
      if (isPassing(error)) throw error;
      throw new EbbtideError(
        'UNAUTHENTICATED',
        `Vault refuses our token, and the new login: ${(error as Error).message}`,
        {},
        error,
      );
    }
    this.#token = undefined;
    throw new EbbtideError('UNAUTHENTICATED', 'Vault refuses our token; put a valid one in its place', {});
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #alive(token: string): Promise<boolean> {
    try {
      await this.#client.read('auth/token/lookup-self', { token, retry: false, operation: 'lookupSelf' });
      return true;
    } catch (error) {
      return !isEbbtideError(error, 'VAULT_FORBIDDEN');
    }
  }

  async #begin(): Promise<string> {
    const login = this.#login;
    if (login.method === 'token') {
      const token = login.tokenFile ? await readSecret(login.tokenFile) : login.token;
      if (!token) throw new EbbtideError('CONFIG_INVALID', 'No Vault token is set; give vault.login.tokenFile', {});
      const self = await this.#client.read<{ ttl: number; renewable: boolean }>('auth/token/lookup-self', {
        token,
        operation: 'lookupSelf',
      });
      return this.#hold(token, self.data.ttl, self.data.renewable);
    }
    const answer = await this.#authenticate(login);
    if (!answer.auth) throw new EbbtideError('VAULT_REJECTED', `Vault's ${login.method} login gave no token`, {});
    return this.#hold(answer.auth.client_token, answer.auth.lease_duration, answer.auth.renewable);
  }

  async #authenticate(login: Exclude<VaultLogin, { method: 'token' }>): Promise<VaultAnswer> {
    const body = await bodyOf(login);
    const mount = login.mount ?? login.method;
    return this.#client.write(`auth/${mount}/login`, body, { token: null, operation: 'login', unrepeatable: true });
  }

  #hold(token: string, ttlS: number, renewable: boolean): string {
    this.#token = token;
    this.#failures = 0;
    this.#expiresAt = ttlS > 0 ? performance.now() + ttlS * 1000 : Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    // A TTL of 0 is a root token: it does not end
    if (ttlS > 0) this.#schedule(Math.max(1_000, (ttlS * 1000 * 2) / 3), renewable);
    return token;
  }

  #schedule(waitMs: number, renewable: boolean): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#keepAlive(renewable), Math.min(waitMs, longestTimerMs));
    this.#timer.unref();
  }

  async #keepAlive(renewable: boolean): Promise<void> {
    const token = this.#token;
    if (token === undefined || this.#closed) return;
    try {
      if (renewable) {
        const { auth } = await this.#client.write(
          'auth/token/renew-self',
          {},
          { token, retry: false, operation: 'renewSelf' },
        );
        const ttlS = auth?.lease_duration ?? 0;
        // Near its maximum TTL a renewal brings nothing more: a new login does
        const grew = performance.now() + ttlS * 1000 > this.#expiresAt + 1_000;
        if (grew || this.#login.method === 'token') {
          this.#hold(token, ttlS, auth?.renewable ?? true);
          return;
        }
      }
      if (this.#login.method === 'token' && !this.#login.tokenFile) return;
      this.#token = undefined;
      await this.token();
    } catch (error) {
      this.#token ??= token;
      this.#failures++;
      this.#log.warn(
        { code: isEbbtideError(error) ? error.code : 'unknown', failures: this.#failures },
        'cannot renew our Vault token',
      );
      this.#schedule(1_000 + jitteredBackoffMs(renewalBackoff, this.#failures), renewable);
    }
  }
}

const bodyOf = async (login: Exclude<VaultLogin, { method: 'token' }>): Promise<object> => {
  if (login.method === 'approle')
    return { role_id: await readSecret(login.roleIdFile), secret_id: await readSecret(login.secretIdFile) };
  if (login.method === 'certificate') return login.role === undefined ? {} : { name: login.role };
  return { role: login.role, jwt: await readSecret(login.jwtFile) };
};

/** Read a secret from a file, without the line break at its end. */
export const readSecret = async (path: string): Promise<string> => {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Cannot read the secret file ${path}; see that it exists and is readable`,
      { path },
      cause,
    );
  }
};
