import {
  asyncScheduler,
  concatMap,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  race,
  type SchedulerLike,
  take,
  tap,
  timer,
} from 'rxjs';

/** How fast elements may pass. */
export interface Pace<T> {
  /** Shortest time between two elements, milliseconds, 0 and up. */
  readonly everyMs: number;
  /** Elements that pass at once: full ones, which waiting would not make larger. */
  readonly full?: (value: T) => boolean;
  /** Ends the waiting of the element that is held back, and of all after it. */
  readonly hurry?: Observable<unknown>;
  readonly scheduler?: SchedulerLike;
}

/**
 * Let elements pass no faster than one every `everyMs`, in order.
 *
 * Where each element is an acknowledgement that fetches the next batch, small batches grow while they wait here.
 *
 * @example
 * batches.pipe(insert(archive), pace({ everyMs: 500, full: ({ messages }) => messages.length >= 5000 }), acknowledge());
 */
export const pace =
  <T>({ everyMs, full = () => false, hurry, scheduler = asyncScheduler }: Pace<T>): MonoTypeOperatorFunction<T> =>
  (source) => {
    let passedAt = Number.NEGATIVE_INFINITY;
    return source.pipe(
      concatMap((value) => {
        const waitMs = Math.max(0, passedAt + everyMs - scheduler.now());
        if (waitMs === 0 || full(value)) return of(value);
        const waited = timer(waitMs, scheduler);
        return (hurry ? race(waited, hurry) : waited).pipe(
          map(() => value),
          take(1),
        );
      }),
      tap(() => {
        passedAt = scheduler.now();
      }),
    );
  };
