import nodeVault from 'node-vault';
import type { Registry } from 'prom-client';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Logger } from '../log.ts';
import { inChild } from '../tracing/currentSpan.ts';
import type { VaultConfig } from './config.ts';
import { assertNoVaultDebugging } from './debug.ts';
import { errorOfAnswer, errorOfFailure, isPassing, statusOf } from './errors.ts';
import { readVaultHealth, type VaultHealth } from './health.ts';
import { createVaultMetrics, type VaultMetrics } from './metrics.ts';
import { type RetryPolicy, withRetry } from './retry.ts';
import { VaultSession } from './session.ts';
import { createTransport, type Transport, type TransportResponse } from './transport.ts';

export type VaultMethod = 'GET' | 'POST' | 'LIST' | 'DELETE';

/** The `auth` part of an answer: a token was issued or renewed. */
export interface VaultAuth {
  readonly client_token: string;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly token_policies?: readonly string[];
  readonly identity_policies?: readonly string[];
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Seconds. */
  readonly lease_duration: number;
  readonly renewable: boolean;
  readonly entity_id: string;
  readonly orphan?: boolean;
}

/** The `wrap_info` part of an answer: what was to be said lies behind a token that opens it once. */
export interface VaultWrap {
  readonly token: string;
  readonly accessor: string;
  /** Seconds. */
  readonly ttl: number;
}

/** An answer of Vault. */
export interface VaultAnswer<T = unknown> {
  readonly status: number;
  readonly data: T;
  readonly auth: VaultAuth | null;
  readonly wrap_info: VaultWrap | null;
  readonly lease_id: string;
  /** Seconds. */
  readonly lease_duration: number;
  readonly renewable: boolean;
  readonly warnings: readonly string[];
}

/** How one request is made. */
export interface RequestOptions {
  /** Token to use instead of the session's; null sends none. */
  readonly token?: string | null;
  /** What to call it in metrics; bounded. @default the method */
  readonly operation?: string;
  /** Tries after a failure that passes; false tries once. @default the client's */
  readonly retry?: RetryPolicy | false;
  /** Whether doing it twice differs from doing it once; such requests are repeated only if the first did not arrive. @default false */
  readonly unrepeatable?: boolean;
  /** Ask for the answer wrapped (`wrap_info`), to be unwrapped once within so many seconds, 1 and up. */
  readonly wrapTtlS?: number;
  readonly signal?: AbortSignal;
}

/** What a client is given at its start. */
export interface VaultClientOptions {
  /** Which service it serves, a label of its metrics, e.g. `actuator`. */
  readonly service: string;
  readonly log: Logger;
  readonly metrics?: Registry;
  /** @default three tries after the first, from 100 ms to 2 s apart */
  readonly retry?: RetryPolicy;
}

const defaultRetry: RetryPolicy = { retries: 3, backoffMs: 100, maxBackoffMs: 2_000 };

/**
 * A client of Vault's or OpenBao's HTTP API with typed errors, retries, time-outs and a token that it keeps alive.
 *
 * It rests on node-vault's generic request: that library's named helpers replace the client's own token, and drop or
 * lack what is needed here. Neither bodies nor tokens are ever logged or put into errors.
 *
 * @example
 * const vault = await VaultClient.connect(config, { service: 'actuator', log: createLogger('vault') });
 * const { data } = await vault.write<{ ttl: number }>('auth/token/lookup-accessor', { accessor });
 */
export class VaultClient {
  readonly config: VaultConfig;
  readonly #node: nodeVault.client;
  readonly #transport: Transport;
  readonly #session: VaultSession;
  readonly #retry: RetryPolicy;
  readonly #metrics: VaultMetrics | undefined;
  readonly #service: string;

  private constructor(config: VaultConfig, options: VaultClientOptions) {
    assertNoVaultDebugging();
    this.config = config;
    this.#service = options.service;
    this.#retry = options.retry ?? defaultRetry;
    this.#metrics = options.metrics && createVaultMetrics(options.metrics);
    this.#transport = createTransport(config, options.log);
    this.#node = nodeVault({
      apiVersion: 'v1',
      endpoint: config.address,
      'request-promise': this.#transport,
      debug: () => {},
    } as nodeVault.VaultOptions);
    // node-vault falls back to VAULT_TOKEN, VAULT_NAMESPACE and VAULT_PREFIX; ours come from the configuration alone
    Object.assign(this.#node, { token: '', namespace: config.namespace, pathPrefix: '' });
    this.#node.handleVaultResponse = async (response) => response;
    this.#session = new VaultSession(config.login, this, options.log);
  }

  /**
   * Make a client and log in. Where Vault is away or sealed the login is tried again at the first request.
   *
   * @throws {EbbtideError} `VAULT_FORBIDDEN` or `VAULT_REJECTED` when Vault refuses the login, `CONFIG_INVALID` when a
   *   file cannot be read or `DEBUG` would print secrets
   */
  static async connect(config: VaultConfig, options: VaultClientOptions): Promise<VaultClient> {
    const client = new VaultClient(config, options);
    try {
      await client.#session.token();
    } catch (error) {
      if (!isPassing(error)) {
        await client.close();
        throw error;
      }
      options.log.warn({ code: (error as EbbtideError).code }, 'Vault is away; the login is tried again when needed');
    }
    return client;
  }

  read<T>(path: string, options?: RequestOptions): Promise<VaultAnswer<T>> {
    return this.request<T>('GET', path, undefined, options);
  }

  write<T>(path: string, body: object, options?: RequestOptions): Promise<VaultAnswer<T>> {
    return this.request<T>('POST', path, body, options);
  }

  list<T>(path: string, options?: RequestOptions): Promise<VaultAnswer<T>> {
    return this.request<T>('LIST', path, undefined, options);
  }

  remove<T>(path: string, options?: RequestOptions): Promise<VaultAnswer<T>> {
    return this.request<T>('DELETE', path, undefined, options);
  }

  /**
   * One request, tried again where its failure passes.
   *
   * @param path - below `/v1/`, without a leading slash; segments from outside must have been encoded
   * @throws {EbbtideError} `VAULT_UNAVAILABLE`, `VAULT_SEALED`, `VAULT_RATE_LIMITED`, `VAULT_FORBIDDEN`,
   *   `VAULT_NOT_FOUND` or `VAULT_REJECTED`
   */
  request<T>(method: VaultMethod, path: string, body?: object, options: RequestOptions = {}): Promise<VaultAnswer<T>> {
    const attempt = () => this.#withSession<T>(method, path, body, options);
    const again = (error: unknown) => isPassing(error) && (!options.unrepeatable || certainlyNotDone(error));
    const policy = options.retry ?? this.#retry;
    return inChild(`vault ${options.operation ?? method.toLowerCase()}`, () =>
      policy === false ? attempt() : withRetry(attempt, policy, again, options.signal),
    );
  }

  /** What Vault says of itself and of our token, asked now; never throws. */
  health(): Promise<VaultHealth> {
    return readVaultHealth(
      (path) => this.#send('GET', path, undefined, { token: null, operation: 'health' }),
      (path) => this.#withSession('GET', path, undefined, { operation: 'lookupSelf' }),
    );
  }

  /** End connections and the renewal of the token; the token itself runs out by its TTL. */
  async close(): Promise<void> {
    this.#session.close();
    this.#transport.close();
  }

  async #withSession<T>(method: VaultMethod, path: string, body: object | undefined, options: RequestOptions) {
    if (options.token !== undefined) return this.#once<T>(method, path, body, options, options.token);
    const token = await this.#session.token();
    try {
      return await this.#once<T>(method, path, body, options, token);
    } catch (error) {
      if (!isEbbtideError(error, 'VAULT_FORBIDDEN') || !(await this.#session.replace(token))) throw error;
      return this.#once<T>(method, path, body, options, await this.#session.token());
    }
  }

  async #once<T>(
    method: VaultMethod,
    path: string,
    body: object | undefined,
    options: RequestOptions,
    token: string | null,
  ): Promise<VaultAnswer<T>> {
    const answer = await this.#send(method, path, body, { ...options, token });
    if (answer.statusCode < 200 || answer.statusCode > 299) throw errorOfAnswer(method, path, answer);
    const content = (answer.body ?? {}) as Partial<VaultAnswer<T>>;
    return {
      status: answer.statusCode,
      data: content.data as T,
      auth: content.auth ?? null,
      wrap_info: content.wrap_info ?? null,
      lease_id: content.lease_id ?? '',
      lease_duration: content.lease_duration ?? 0,
      renewable: content.renewable ?? false,
      warnings: content.warnings ?? [],
    };
  }

  async #send(
    method: VaultMethod,
    path: string,
    body: object | undefined,
    { token, operation, signal, wrapTtlS }: RequestOptions,
  ): Promise<TransportResponse> {
    const labels = { service: this.#service, operation: operation ?? method.toLowerCase() };
    const stop = this.#metrics?.requestSeconds.startTimer(labels);
    try {
      const answer = (await this.#node.request({
        method,
        path: `/${path}`,
        headers: {
          ...(token ? { 'X-Vault-Token': token } : {}),
          ...(wrapTtlS === undefined ? {} : { 'X-Vault-Wrap-TTL': `${wrapTtlS}s` }),
        },
        ...(body === undefined ? {} : { json: body }),
        timeout: this.config.timeoutMs,
        ...(signal ? { signal } : {}),
      })) as TransportResponse;
      stop?.({ status: String(answer.statusCode) });
      return answer;
    } catch (error) {
      stop?.({ status: '0' });
      if (signal?.aborted) throw new EbbtideError('CANCELLED', `Request ${method} ${path} was cancelled`, { path });
      throw errorOfFailure(method, path, error);
    }
  }
}

/** Vault refuses by these before it does anything. */
const certainlyNotDone = (error: unknown): boolean => {
  const status = statusOf(error);
  return status === 503 || status === 429 || (isEbbtideError(error) && error.details.unsent === true);
};
