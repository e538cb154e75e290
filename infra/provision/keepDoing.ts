/** Do things again and again, each with a pause after it; the answer stops that and waits for what is being done. */
export const keepDoing = (
  what: readonly (readonly [pauseMs: number, work: () => Promise<void>])[],
  onError: (error: unknown) => void,
): (() => Promise<void>) => {
  const stopping = new AbortController();
  const loops = what.map(async ([pauseMs, work]) => {
    while (!stopping.signal.aborted) {
      await work().catch(onError);
      await pause(pauseMs, stopping.signal);
    }
  });
  return async () => {
    stopping.abort();
    await Promise.all(loops);
  };
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, 2 ** 31 - 1));
    signal.addEventListener('abort', end);
  });
