/** What watching costs the page. */
export interface Cost {
  /** Events that were looked at. */
  readonly events: number;
  /** Time on the main thread, milliseconds. */
  readonly ms: number;
}

let events = 0;
let ms = 0;

/** Wrap a listener so that the time it takes is counted; an error in it must never reach the page. */
export const counted =
  <T extends Event>(listener: (event: T) => void) =>
  (event: T): void => {
    const began = performance.now();
    try {
      listener(event);
    } catch {
      // The page goes on without its watcher
    }
    events++;
    ms += performance.now() - began;
  };

/** What was counted so far. */
export const cost = (): Cost => ({ events, ms });
