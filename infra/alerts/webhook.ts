import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry, { AbortError } from 'p-retry';
import { Webhook } from 'standardwebhooks';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Outbound } from '../http/outbound.ts';
import { jitteredBackoffMs } from '../vault/retry.ts';
import { readSecret } from '../vault/session.ts';
import type { NotifyConfig, RouteConfig } from './config.ts';

/** How a delivery went in the end. */
export interface Delivery {
  readonly delivered: boolean;
  readonly attempts: number;
  /** Of the last answer; 0 where there was none. */
  readonly status: number;
  /** What went wrong at last; empty where nothing did. */
  readonly detail: string;
}

const fewestBytes = 24;
const mostBytes = 64;

/**
 * The secret of a route.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where it cannot be read, or is no secret of Standard Webhooks
 */
export const routeSecret = async ({ name, secret, secretFile }: RouteConfig): Promise<string> => {
  const text = secretFile === undefined ? (secret ?? '') : await readSecret(secretFile);
  const bytes = Buffer.from(text.replace(/^whsec_/, ''), 'base64').length;
  if (/^(whsec_)?[A-Za-z0-9+/]+=*$/.test(text) && bytes >= fewestBytes && bytes <= mostBytes) return text;
  throw new EbbtideError(
    'CONFIG_INVALID',
    `The secret of route ${name} must be whsec_ and ${fewestBytes} to ${mostBytes} bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)`,
    { route: name },
  );
};

/** Milliseconds that an answer asked to wait with Retry-After, in seconds or as a date; 0 when it did not. */
export const retryAfterMs = (header: string | string[] | undefined, nowMs: number): number => {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return 0;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
};

/** An identifier without characters that a header, or what is signed, gives a meaning to. */
export const webhookIdOf = (notificationId: string): string =>
  `msg_${createHash('sha256').update(notificationId).digest('hex').slice(0, 32)}`;

const mayPass = (status: number): boolean => status === 408 || status === 425 || status === 429 || status >= 500;

class Refused extends Error {
  readonly status: number;
  readonly waitMs: number;

  constructor(status: number, waitMs: number) {
    super(`The webhook answered ${status}`);
    this.status = status;
    this.waitMs = waitMs;
  }
}

/** What {@link post} works with. */
export interface PostParts {
  readonly outbound: Outbound;
  /** Ends the trying: a try that is under way may still succeed. */
  readonly signal: AbortSignal;
  /** Ends a try that is under way too. */
  readonly ending: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Post a body to a webhook, signed by Standard Webhooks, until it answers with success or all tries are used. Answers
 * that will not change (4xx other than 408, 425 and 429, and redirects) end it at once.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param id - of the notification; its hash is `webhook-id`, the same at every try
 * @throws the signal's reason, when it is aborted
 */
export const post = async (
  { id, body, secret }: { readonly id: string; readonly body: string; readonly secret: string },
  route: RouteConfig,
  config: Pick<NotifyConfig, 'tries' | 'backoffMs' | 'maxBackoffMs' | 'maxRetryAfterMs'>,
  { outbound, signal, ending, now }: PostParts,
): Promise<Delivery> => {
  const webhook = new Webhook(secret);
  const webhookId = webhookIdOf(id);
  let attempts = 0;
  let status = 0;
  let delivered = false;
  const once = async () => {
    attempts++;
    status = 0;
    // Signed anew each time: receivers refuse timestamps of some minutes ago
    const at = new Date(now());
    const answer = await outbound.request({
      url: route.url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': webhookId,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': webhook.sign(webhookId, at, body),
      },
      body,
      timeoutMs: route.timeoutMs,
      signal: AbortSignal.any([ending, AbortSignal.timeout(route.timeoutMs)]),
      allowHttp: route.allowHttp,
      allowPrivateAddress: route.allowPrivateAddress,
    });
    answer.body.destroy();
    status = answer.status;
    delivered = status >= 200 && status < 300;
    if (delivered) return;
    const refused = new Refused(status, retryAfterMs(answer.headers['retry-after'], now()));
    throw mayPass(status) ? refused : new AbortError(refused);
  };
  try {
    await pRetry(once, {
      retries: config.tries - 1,
      minTimeout: 0,
      maxTimeout: 0,
      signal,
      shouldRetry: ({ error }) => !isEbbtideError(error, 'ADDRESS_FORBIDDEN'),
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        if (retriesLeft === 0 || isEbbtideError(error, 'ADDRESS_FORBIDDEN')) return;
        const asked = error instanceof Refused ? Math.min(error.waitMs, config.maxRetryAfterMs) : 0;
        await sleep(Math.max(asked, jitteredBackoffMs({ ...config, retries: 0 }, attemptNumber)), undefined, {
          signal,
        });
      },
    });
  } catch (error) {
    // What was answered well as the trying ended is delivered all the same
    if (!delivered) signal.throwIfAborted();
    if (!delivered) return { delivered, attempts, status, detail: (error as Error).message };
  }
  return { delivered, attempts, status, detail: '' };
};
