import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import { addressWords, unfitNetwork } from '../threat/address.ts';

/** How far requests may go that this process makes to addresses from outside. */
export interface Reach {
  /** Whether a URL without TLS is allowed. */
  readonly allowHttp: boolean;
  /** Whether hosts on private, loopback, link-local and other special addresses are allowed. */
  readonly allowPrivateAddress: boolean;
}

/** A request to somebody else's server. */
export interface OutboundRequest extends Reach {
  readonly url: string;
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Longest time until the answer's headers are there, and between pieces of its body, milliseconds. */
  readonly timeoutMs: number;
  /** Ends the request. */
  readonly signal?: AbortSignal;
}

/** What came back. Redirects are not followed, and come back as they are. */
export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Must be read to its end or destroyed. */
  readonly body: Readable;
}

/**
 * Makes requests to addresses that come from configuration or from others, such as webhooks, feeds and receivers of
 * events. By default only with TLS and only to public addresses, checked at the moment of the connection, so that
 * neither a name nor a redirect leads into the network in which this process stands.
 */
export interface Outbound {
  /**
   * @throws {EbbtideError} `ADDRESS_FORBIDDEN` where the request reaches too far; else what the connection failed with
   */
  request(request: OutboundRequest): Promise<OutboundAnswer>;
  close(): Promise<void>;
}

const forbidden = (host: string, why: string) =>
  new EbbtideError('ADDRESS_FORBIDDEN', `Requests to ${host} are not allowed: ${why}`, { host });

/** Whether an address belongs to one host on the public Internet. */
export const isPublicAddress = (address: string): boolean => {
  const words = addressWords(address);
  return words !== undefined && unfitNetwork({ words, prefix: words.length * 32 }) === undefined;
};

/** Resolves names, and refuses those of which any address is not public: no connection is tried. */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...(options as LookupOptions), all: true }, (error, addresses) => {
    if (error) return done(error, '', 4);
    const found = addresses as unknown as LookupAddress[];
    const unfit = found.find(({ address }) => !isPublicAddress(address));
    if (unfit || found.length === 0)
      return done(forbidden(hostname, `${unfit?.address ?? 'its address'} is not public`) as never, '', 4);
    if ((options as LookupOptions).all) return (done as (e: null, all: LookupAddress[]) => void)(null, found);
    return done(null, found[0]!.address, found[0]!.family);
  });
};

/**
 * Check a URL before anything is sent: its scheme, and its host where that is an address.
 *
 * @throws {EbbtideError} `ADDRESS_FORBIDDEN`
 */
export const checkReach = (url: string, { allowHttp, allowPrivateAddress }: Reach): URL => {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw forbidden(url.slice(0, 100), 'it is no URL');
  }
  const { protocol, hostname, username, password } = parsed;
  if (protocol !== 'https:' && !(protocol === 'http:' && allowHttp)) throw forbidden(hostname, 'it needs https');
  if (username !== '' || password !== '') throw forbidden(hostname, 'a URL must not hold a password');
  const host = hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivateAddress && (isIP(host) !== 0 || host === 'localhost') && !isPublicAddress(host))
    throw forbidden(host, 'it is not a public address');
  return parsed;
};

/** @param maxConnections - at once to one host, 1 and up */
export const openOutbound = (maxConnections = 16): Outbound => {
  const options = { connections: maxConnections, pipelining: 1, keepAliveTimeout: 4_000 };
  const open = new Agent(options);
  const guarded = new Agent({ ...options, connect: { lookup: publicLookup } });
  return {
    async request({ url, method = 'GET', headers = {}, body, timeoutMs, signal, ...reach }) {
      const target = checkReach(url, reach);
      const agent = reach.allowPrivateAddress ? open : guarded;
      try {
        const answer = await agent.request({
          origin: target.origin,
          path: target.pathname + target.search,
          method,
          headers: { 'user-agent': 'ebbtide', ...headers },
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          ...(body === undefined ? {} : { body }),
          signal: signal ?? AbortSignal.timeout(timeoutMs * 2),
        });
        // A body that is destroyed unread must not take the process with it; who reads it hears of errors all the same
        answer.body.on('error', () => {});
        return { status: answer.statusCode, headers: answer.headers, body: answer.body };
      } catch (error) {
        const { cause } = error as { cause?: unknown };
        throw isEbbtideError(cause) ? cause : error;
      }
    },
    async close() {
      await Promise.all([open.destroy(), guarded.destroy()]);
    },
  };
};

/**
 * Read a body as text.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` beyond `maxBytes`
 */
export const textOf = async (body: Readable, maxBytes: number): Promise<string> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece as Buffer);
    size += (piece as Buffer).length;
    if (size <= maxBytes) continue;
    body.destroy();
    throw new EbbtideError('REQUEST_INVALID', `Answer is larger than ${maxBytes} bytes`, { maxBytes });
  }
  return Buffer.concat(pieces).toString('utf8');
};
