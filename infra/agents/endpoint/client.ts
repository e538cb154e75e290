import { Agent, request } from 'node:https';
import { EbbtideError, type ErrorCode } from '../../../schemas/errors.ts';
import type { KeyStatus, KeyView } from '../../services/keyhost/keyView.ts';
import type { AuthenticationRequest } from '../../services/keyhost/requests.ts';
import type { SignedKey } from '../../services/keyhost/signers/signer.ts';
import type { EndpointIdentity } from './identity.ts';

const timeoutMs = 15_000;
const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  502: 'SERVICE_MISSING',
  503: 'SERVICE_MISSING',
};

/** What the key host answers to an authentication. */
export type ProvidedKey = KeyView & SignedKey;

/** An endpoint's side of the connection to the key host: mutual TLS 1.3, with a certificate that replaces itself. */
export class KeyhostClient {
  readonly #address: string;
  readonly #identify: () => Promise<EndpointIdentity>;
  #current: Promise<{ readonly agent: Agent; readonly renewAt: number }> | undefined;

  /**
   * @param address - URL of the key host
   * @param identify - has a certificate issued: before the first request, and when two thirds of the last one's life are over
   */
  constructor(address: string, identify: () => Promise<EndpointIdentity>) {
    this.#address = address;
    this.#identify = identify;
  }

  /** Ask for a key. @throws {EbbtideError} with what the key host refused it for, its code in `details.code` */
  authenticate(body: Partial<AuthenticationRequest>): Promise<ProvidedKey> {
    return this.#ask('POST', '/v1/authentications', body);
  }

  /** Pass on a batch of the session of a key. @returns bursts taken in */
  async observe(credentialId: string, batch: string): Promise<number> {
    const path = `/v1/keys/${encodeURIComponent(credentialId)}/behaviour`;
    return (await this.#ask<{ accepted: number }>('POST', path, { batch })).accepted;
  }

  /** How a key is now. */
  status(credentialId: string): Promise<KeyStatus> {
    return this.#ask('GET', `/v1/keys/${encodeURIComponent(credentialId)}`);
  }

  async close(): Promise<void> {
    const current = await this.#current?.catch(() => undefined);
    current?.agent.destroy();
  }

  async #agent(): Promise<Agent> {
    const known = await this.#current?.catch(() => undefined);
    if (known && Date.now() < known.renewAt) return known.agent;
    this.#current = this.#identify().then(({ renewAt, ...tls }) => ({
      agent: new Agent({ ...tls, minVersion: 'TLSv1.3', keepAlive: true, maxSockets: 4 }),
      renewAt,
    }));
    return (await this.#current).agent;
  }

  async #ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const agent = await this.#agent();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
      const headers = text === undefined ? {} : { 'content-type': 'application/json' };
      const sent = request(new URL(path, this.#address), { method, agent, headers, timeout: timeoutMs }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, answer: Buffer.concat(parts).toString('utf8') }),
        );
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      sent.on('error', reject);
      sent.end(text);
    }).catch((cause: Error) => {
      const why = `The key host at ${this.#address} does not answer: ${cause.message}`;
      throw new EbbtideError('SERVICE_MISSING', why, { address: this.#address }, cause);
    });
    if (status < 300) return JSON.parse(answer) as T;
    const { detail = `The key host answered ${status}`, code = '' } = JSON.parse(answer) as Record<string, string>;
    throw new EbbtideError(codes[status] ?? 'REQUEST_INVALID', detail, { code, status });
  }
}
