import { createHash } from 'node:crypto';
import type { Outbound } from '../../http/outbound.ts';
import type { RouteConfig } from '../config.ts';

/** What is sent to somebody. */
export interface Outgoing {
  /** Identifier of the notification: the same at every try. */
  readonly id: string;
  /** A payload of `bodyOf`. */
  readonly body: string;
}

/** What was answered. */
export interface Answer {
  /** Of HTTP or SMTP. */
  readonly status: number;
  readonly outcome: 'delivered' | 'later' | 'never';
  /** How long the receiver asked to wait, milliseconds; 0 where it did not. */
  readonly waitMs: number;
}

/** A way to somebody. */
export interface Channel {
  /**
   * Send once.
   *
   * @throws what the connection failed with
   */
  send(message: Outgoing, signal: AbortSignal): Promise<Answer>;
  close?(): void;
}

/** An identifier without characters that a header, or what is signed, gives a meaning to. */
export const hashedId = (prefix: string, id: string): string =>
  `${prefix}_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;

/** Milliseconds that an answer asked to wait with Retry-After, in seconds or as a date; 0 when it did not. */
export const retryAfterMs = (header: string | string[] | undefined, nowMs: number): number => {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return 0;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
};

const mayPass = (status: number): boolean => status === 408 || status === 425 || status === 429 || status >= 500;

/** What {@link httpChannel} posts. */
export interface Post {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * A channel over HTTP. Answers that will not change are final: 4xx other than 408, 425 and 429, and redirects.
 *
 * @param compose - makes the request at each try
 * @param now - epoch milliseconds
 */
export const httpChannel = (
  { timeoutMs, allowHttp, allowPrivateAddress }: RouteConfig,
  outbound: Outbound,
  now: () => number,
  compose: (message: Outgoing, nowMs: number) => Post,
): Channel => ({
  async send(message, signal) {
    const { url, headers = {}, body } = compose(message, now());
    const answer = await outbound.request({
      ...{ url, method: 'POST', body, timeoutMs, allowHttp, allowPrivateAddress },
      headers: { 'content-type': 'application/json', ...headers },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    answer.body.destroy();
    const { status } = answer;
    const delivered = status >= 200 && status < 300;
    return {
      status,
      outcome: delivered ? 'delivered' : mayPass(status) ? 'later' : 'never',
      waitMs: retryAfterMs(answer.headers['retry-after'], now()),
    };
  },
});
