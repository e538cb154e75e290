import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { isEbbtideError } from '../../schemas/errors.ts';

/** How often and how patiently something is tried again. */
export interface RetryPolicy {
  /** Tries after the first, 0 and up. */
  readonly retries: number;
  /** First wait, milliseconds; it doubles with each failure. */
  readonly backoffMs: number;
  /** Longest wait, milliseconds. */
  readonly maxBackoffMs: number;
}

/**
 * A wait before try number `attempt` with full jitter: anywhere between 0 and the exponential bound, so that many
 * callers that failed together do not come back together.
 *
 * @param attempt - failures so far, 1 and up
 * @param random - between 0 and 1
 * @returns milliseconds
 */
export const jitteredBackoffMs = (policy: RetryPolicy, attempt: number, random = Math.random()): number =>
  random * Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(attempt - 1, 30));

/** What `Retry-After` asked for, milliseconds, bounded to a minute; 0 when it said nothing. */
export const retryAfterMsOf = (error: unknown): number =>
  isEbbtideError(error) && typeof error.details.retryAfterMs === 'number'
    ? Math.min(error.details.retryAfterMs, 60_000)
    : 0;

/**
 * Try again while `shouldRetry` says so, with exponential backoff, full jitter, and at least as long as `Retry-After`.
 *
 * @throws the last error, or the signal's reason
 */
export const withRetry = <T>(
  task: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  shouldRetry: (error: unknown) => boolean,
  signal?: AbortSignal,
): Promise<T> =>
  pRetry(task, {
    retries: policy.retries,
    minTimeout: 0,
    maxTimeout: 0,
    shouldRetry: ({ error }) => shouldRetry(error),
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft <= 0 || !shouldRetry(error)) return;
      const waitMs = Math.max(jitteredBackoffMs(policy, attemptNumber), retryAfterMsOf(error));
      await sleep(waitMs, undefined, signal ? { signal } : {});
    },
    ...(signal ? { signal } : {}),
  });
