import { type MonoTypeOperatorFunction, retry, type SchedulerLike, throwError, timer } from 'rxjs';

/** How long to wait between tries, and which failures are worth another. */
export interface Backoff {
  /** Wait before the second try, milliseconds, 1 and up; doubles with each further one. */
  readonly firstMs: number;
  /** Longest wait, milliseconds, `firstMs` and up. */
  readonly maxMs: number;
  /** Whether to try again. @default every failure */
  readonly retryable?: (error: unknown) => boolean;
  /** Told of each failure before the wait. */
  readonly onRetry?: (error: unknown, attempt: number, waitMs: number) => void;
  /** Spreads waits over their upper half, so that many clients do not come back at once: 0 to 1. @default Math.random */
  readonly random?: () => number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Subscribe again after a failure, without end, waiting longer each time. A value in between starts anew.
 *
 * @example
 * defer(() => archive.insert(rows)).pipe(retryWithBackoff({ firstMs: 200, maxMs: 15_000 }));
 */
export const retryWithBackoff = <T>(backoff: Backoff): MonoTypeOperatorFunction<T> => {
  const { firstMs, maxMs, retryable = () => true, onRetry, random = Math.random, scheduler } = backoff;
  return retry({
    resetOnSuccess: true,
    delay(error, attempt) {
      if (!retryable(error)) return throwError(() => error);
      const longest = Math.min(maxMs, firstMs * 2 ** (attempt - 1));
      const waitMs = Math.round(longest * (0.5 + random() / 2));
      onRetry?.(error, attempt, waitMs);
      return timer(waitMs, scheduler);
    },
  });
};
