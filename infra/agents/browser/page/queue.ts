import { cost } from './cost.ts';
import type { Burst, Consent } from './types.ts';

/** Bursts kept at most while none can be sent, and sent at once; browsers take 64 KB of beacons. */
const mostKept = 200;
const mostSent = 40;

/** Collects bursts and sends them in batches. */
export interface Queue {
  add(burst: Burst): void;
  /** Send what there is; a beacon outlives the page. */
  flush(): void;
  /** Forget what was not sent. */
  clear(): void;
}

/** Sends batches as beacons. Their type needs no preflight, for a beacon gets no answer to one. */
export const beaconsTo =
  (endpoint: string) =>
  (batch: string): boolean =>
    navigator.sendBeacon(endpoint, new Blob([batch], { type: 'text/plain' }));

/**
 * Make a queue.
 *
 * @param send takes a batch as text; false where it cannot now
 * @param session names the session; made anew with each page unless the page knows better
 * @param consent as it stands when a batch is sent; a batch without is never sent
 */
export const createQueue = (
  send: (batch: string) => boolean,
  session: string,
  consent: () => Consent,
  everyMs: number,
  signal: AbortSignal,
): Queue => {
  let kept: Burst[] = [];
  let dropped = 0;
  let sequence = 0;
  const flush = (): void => {
    while (kept.length > 0 && consent().level !== 'none') {
      const bursts = kept.slice(0, mostSent);
      const { events, ms } = cost();
      const batch = {
        version: 1,
        session,
        sequence,
        sentAt: Date.now(),
        consent: consent(),
        dropped,
        cost: { events, ms },
        bursts,
      };
      if (!send(JSON.stringify(batch))) return;
      sequence++;
      dropped = 0;
      kept = kept.slice(bursts.length);
    }
  };
  const timer = setInterval(flush, everyMs);
  signal.addEventListener('abort', () => clearInterval(timer));
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'hidden') flush();
    },
    { signal },
  );
  return {
    add(burst) {
      kept.push(burst);
      if (kept.length <= mostKept) return;
      kept.shift();
      dropped++;
    },
    flush,
    clear() {
      kept = [];
      dropped = 0;
    },
  };
};
