import { isIP } from 'node:net';
import type { HeaderOf } from './identify.ts';

/** Headers by which a request asks the backend to take another method than its own. */
export const overridingHeaders = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const;

/** All other methods that a request asks for: backends differ on the header that counts. */
export const overridingMethodsOf = (headerOf: HeaderOf, method: string): string[] => {
  const values = overridingHeaders.flatMap((name) => headerOf(name)?.split(',') ?? []);
  const methods = new Set(values.map((value) => value.trim().toUpperCase()));
  return [...methods].filter((one) => one !== '' && one !== method);
};

/** The proxy's id of a request, where it is fit for logs. */
export const correlationIdOf = (headerOf: HeaderOf): string | undefined => {
  const given = headerOf('x-request-id');
  return given !== undefined && /^[\w.:-]{8,128}$/.test(given) ? given : undefined;
};

/**
 * The caller's address: the entry of X-Forwarded-For that the outermost trusted proxy has appended, else who is
 * connected to the proxy.
 *
 * @param trustedProxies - how many proxies append to the header; 0 does not look at it
 */
export const addressOf = (headerOf: HeaderOf, peer: string | undefined, trustedProxies: number): string | null => {
  if (trustedProxies > 0) {
    const forwarded = headerOf('x-forwarded-for')?.split(',').at(-trustedProxies)?.trim();
    if (forwarded !== undefined && isIP(forwarded) !== 0) return forwarded;
  }
  return peer !== undefined && isIP(peer) !== 0 ? peer : null;
};

/** Bytes of the body, as the request or the proxy says; 0 where that is no number of bytes. */
export const bytesOf = (said: string | number | undefined): number => {
  const bytes = Number(said);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
};

/** A latitude or longitude; null where it is none. */
export const degreesOf = (text: string | undefined, most: number): number | null => {
  const degrees = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Math.abs(degrees) <= most ? degrees : null;
};

/** A header's text, cut off. */
export const boundedText = (text: string | undefined, most: number): string => (text ?? '').slice(0, most);
