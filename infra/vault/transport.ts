import http from 'node:http';
import https from 'node:https';
import { type ClientTlsFiles, clientTlsAgents } from '../http/clientTls.ts';
import type { Logger } from '../log.ts';

/** What node-vault hands to its requester. */
export interface TransportRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** What node-vault expects back; `retryAfterMs` and `body` are ours to read. */
export interface TransportResponse {
  readonly statusCode: number;
  readonly body: unknown;
  readonly retryAfterMs?: number;
  readonly request: { readonly path: string };
}

/** An HTTP requester that node-vault accepts in its option `request-promise`. */
export interface Transport {
  defaults(): (request: TransportRequest) => Promise<TransportResponse>;
  close(): void;
}

const maxRedirects = 3;
const maxBodyBytes = 8 * 1024 * 1024;

/**
 * The HTTP requester under node-vault: kept-alive connections, a limit on the whole of a request, and `Retry-After`.
 *
 * node-vault's own one hides headers, sends requests through whatever proxy the environment names, and its library's
 * debug switch prints headers, the token's among them.
 *
 * @param files - what connections by TLS trust and show
 * @param log - is told where files do not fit each other; one of its own, when absent
 * @throws {EbbtideError} `CONFIG_INVALID` where a file cannot be used
 */
export const createTransport = (files: ClientTlsFiles = {}, log?: Logger): Transport => {
  const pool = { keepAlive: true, maxSockets: 64, scheduling: 'lifo' as const };
  const plain = new http.Agent(pool);
  const secure = clientTlsAgents('vault', files, log)(pool);

  const once = (request: TransportRequest, url: URL): Promise<TransportResponse & { location?: string }> =>
    new Promise((resolve, reject) => {
      const tls = url.protocol === 'https:';
      const body = request.json !== undefined && request.json !== null ? JSON.stringify(request.json) : undefined;
      const timeout = AbortSignal.timeout(request.timeout ?? 5_000);
      const outgoing = (tls ? https : http).request(url, {
        method: request.method,
        agent: tls ? secure : plain,
        signal: request.signal ? AbortSignal.any([timeout, request.signal]) : timeout,
        headers: {
          'x-vault-request': 'true',
          ...request.headers,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      });
      const fail = (error: Error) => reject(timeout.aborted ? timeout.reason : error);
      outgoing.on('error', fail);
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxBodyBytes) outgoing.destroy(new Error(`Answer exceeds ${maxBodyBytes} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
          resolve({
            statusCode: response.statusCode ?? 0,
            body: parse(Buffer.concat(chunks).toString('utf8')),
            request: { path: url.pathname },
            // OpenBao rounds down, so that "0" may be most of a second
            ...(Number.isInteger(retryAfter) && retryAfter >= 0 ? { retryAfterMs: (retryAfter + 1) * 1000 } : {}),
            ...(response.headers.location ? { location: response.headers.location } : {}),
          });
        });
      });
      outgoing.end(body);
    });

  return {
    defaults: () => async (request) => {
      let url = new URL(request.uri);
      for (let redirects = 0; ; redirects++) {
        const answer = await once(request, url);
        // A standby sends writers to the leader by 307, with method, body and token unchanged
        if (answer.statusCode !== 307 || !answer.location || redirects >= maxRedirects) return answer;
        const next = new URL(answer.location, url);
        if (url.protocol === 'https:' && next.protocol !== 'https:') return answer;
        url = next;
      }
    },
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
};

const parse = (text: string): unknown => {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
