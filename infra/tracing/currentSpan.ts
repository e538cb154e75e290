import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from './types.ts';

const current = new AsyncLocalStorage<Span>();

/** The span of the request that is being answered; undefined outside of requests, and where they are not traced. */
export const currentSpan = (): Span | undefined => current.getStore();

/** Do something as part of a span. */
export const within = <T>(span: Span, work: () => T): T => current.run(span, work);

/**
 * Do something as a child of the current span; where there is none, simply do it.
 *
 * @param work - is given the child, whose headers go with messages that come of it
 */
export const inChild = async <T>(name: string, work: (span: Span | undefined) => Promise<T>): Promise<T> => {
  const span = currentSpan()?.child(name);
  if (!span) return work(undefined);
  try {
    const done = await work(span);
    span.end();
    return done;
  } catch (error) {
    span.fail(error);
    throw error;
  }
};
