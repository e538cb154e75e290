import type { TestContext } from 'node:test';

/**
 * What a test has to close, last first: hooks run in the order of their registration, and what runs must end before what it
 * runs on.
 *
 * @example
 * const closing = closingAfter(t);
 * closing.push(() => tail.close());
 */
export const closingAfter = (t: Pick<TestContext, 'after'>): (() => unknown)[] => {
  const closing: (() => unknown)[] = [];
  t.after(async () => {
    while (closing.length > 0) await closing.pop()!();
  });
  return closing;
};
