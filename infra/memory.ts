const everyMs = 5_000;
/** Less than this is not worth the pause. */
const worthwhileBytes = 64 * 2 ** 20;
const libc = 'libc.so.6';

/** Resident memory that is none of V8's: libraries, the Kafka client's queues, and what was freed and is kept. */
const besidesV8 = (): number => {
  const { rss, heapTotal, external } = process.memoryUsage();
  return rss - heapTotal - external;
};

/** Have glibc give free memory back to the system; undefined where there is no glibc to ask. */
const openTrim = async (): Promise<(() => void) | undefined> => {
  if (process.platform !== 'linux') return undefined;
  try {
    const { DataType, load, open } = await import('ffi-rs');
    open({ library: libc, path: libc });
    const call = { library: libc, funcName: 'malloc_trim', retType: DataType.I32 } as const;
    return () => void load({ ...call, paramsType: [DataType.I32], paramsValue: [0] });
  } catch {
    return undefined;
  }
};

/**
 * Give back what bursts needed: the C library keeps the memory that the Kafka client and typed arrays have freed, for
 * good, so that one burst would count for ever. Done in quiet moments only, for it takes some milliseconds.
 *
 * @param isQuiet - asked every five seconds: whether little was done since it was asked before
 * @returns ends it
 */
export const giveMemoryBack = (isQuiet: () => boolean): (() => void) => {
  // From the beginning: a burst may be over before it is asked for the first time
  let kept = besidesV8();
  let trim: (() => void) | undefined;
  const opening = openTrim().then((found) => {
    trim = found;
  });
  const timer = setInterval(() => {
    const quiet = isQuiet();
    if (!quiet || !trim || besidesV8() < kept + worthwhileBytes) return;
    trim();
    kept = besidesV8();
  }, everyMs);
  timer.unref();
  void opening;
  return () => clearInterval(timer);
};
