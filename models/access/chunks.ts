/** Pairs that are worked on before others get their turn on the event loop. */
const chunkSize = 512;

/** Some of many at a time. */
export function* chunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += chunkSize) yield all.slice(from, from + chunkSize);
}

/** Let signals, timers and answers have their turn. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
