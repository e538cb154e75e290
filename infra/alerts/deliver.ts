import { setTimeout as sleep } from 'node:timers/promises';
import pRetry, { AbortError } from 'p-retry';
import { isEbbtideError } from '../../schemas/errors.ts';
import { jitteredBackoffMs } from '../vault/retry.ts';
import type { Channel, Outgoing } from './channels/channel.ts';
import type { NotifyConfig } from './config.ts';

/** How a delivery went in the end. */
export interface Delivery {
  readonly delivered: boolean;
  readonly attempts: number;
  /** Of the last answer; 0 where there was none. */
  readonly status: number;
  /** What went wrong at last; empty where nothing did. */
  readonly detail: string;
}

class Refused extends Error {
  readonly waitMs: number;

  constructor(status: number, waitMs: number) {
    super(`The receiver answered ${status}`);
    this.waitMs = waitMs;
  }
}

/**
 * Send a message until it is taken or all tries are used. What will not change ends it at once.
 *
 * @param signal - ends the trying: a try that is under way may still succeed
 * @param ending - ends a try that is under way too
 * @throws the signal's reason, when it is aborted
 */
export const deliver = async (
  message: Outgoing,
  channel: Channel,
  config: Pick<NotifyConfig, 'tries' | 'backoffMs' | 'maxBackoffMs' | 'maxRetryAfterMs'>,
  { signal, ending }: { readonly signal: AbortSignal; readonly ending: AbortSignal },
): Promise<Delivery> => {
  let attempts = 0;
  let status = 0;
  let delivered = false;
  const once = async () => {
    attempts++;
    status = 0;
    const answer = await channel.send(message, ending);
    status = answer.status;
    delivered = answer.outcome === 'delivered';
    if (delivered) return;
    const refused = new Refused(status, answer.waitMs);
    throw answer.outcome === 'later' ? refused : new AbortError(refused);
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
