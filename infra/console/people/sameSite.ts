import type { FastifyRequest } from 'fastify';
import { EbbtideError } from '../../../schemas/errors.ts';

/** Header that scripts of other sites cannot send without asking, and the page sends with every POST. */
export const requestHeader = 'x-ebbtide-console';

const loopback = ['127.0.0.1', 'localhost', '[::1]'];
const ownSites = ['same-origin', 'none'];

/** Which names the console answers to. */
export interface SameSiteOptions {
  /** Values of `Host` that are answered beside loopback ones. */
  readonly allowedHosts: readonly string[];
  /** Address by which browsers come, where a proxy changes it. */
  readonly publicUrl?: string | undefined;
}

/**
 * Refuse what a page of another site, or a name rebound to this machine, could send.
 *
 * Whoever brings an API token is no browser with somebody's cookie, and only `Host` counts.
 *
 * @throws {EbbtideError} `FORBIDDEN`
 */
export const assertSameSite = (request: FastifyRequest, { allowedHosts, publicUrl }: SameSiteOptions): void => {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl);
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '');
  if (![...loopback, ...allowedHosts].includes(name) && !allowedHosts.includes(host) && own?.host !== host)
    throw new EbbtideError(
      'FORBIDDEN',
      `Host ${JSON.stringify(host)} is not answered here; add it to console.allowedHosts if it is yours`,
      { host },
    );
  if (request.method === 'GET' || request.method === 'HEAD' || request.headers.authorization !== undefined) return;
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const ofOrigin = origin === undefined || hostOf(origin) === host || origin === own?.origin;
  const ofSite = site === undefined || ownSites.includes(String(site));
  if (!ofOrigin || !ofSite || request.headers[requestHeader] === undefined)
    throw new EbbtideError(
      'FORBIDDEN',
      `Requests that change something must come from the console itself, with the header ${requestHeader}`,
      { origin: origin ?? null },
    );
};

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
