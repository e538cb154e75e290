import type { Change, Snapshot } from '../view/protocol.ts';
import { idleHeader } from './activity.ts';
import type { ConnectionState } from './store.ts';

/** What is done with the events of a connection. */
export interface EventHandlers {
  /** By name of the event: its data, and the number that came with it. */
  readonly on: Readonly<Record<string, (data: string, id: string) => void>>;
  /** The server has begun to answer, for the first time or once more. */
  readonly opened?: () => void;
  /** Nothing comes any more; it is tried again. */
  readonly lost?: () => void;
  /** Whoever looks is not let in any more; it is tried again all the same. */
  readonly refused?: () => void;
}

const silenceMs = 25_000;
/** A server under load may take its time to begin; each time it did not, it is given more. */
const longestSilenceMs = 120_000;
const retryMs = 1_500;

/**
 * Keep a connection to some events of the server: connect again when it is lost or falls silent, for ever. An `EventSource`
 * alone gives up where the server answers with an error.
 *
 * @returns a function that ends it
 */
export const keepEvents = (path: string, handlers: EventHandlers): (() => void) => {
  let source: EventSource | undefined;
  let retry: number | undefined;
  let heardAt = 0;
  let patienceMs = silenceMs;
  /** Whether something has come over the connection that is open. */
  let alive = false;
  let ended = false;

  const heard = (): void => {
    heardAt = performance.now();
    patienceMs = silenceMs;
    alive = true;
  };
  const lose = async (): Promise<void> => {
    source?.close();
    source = undefined;
    if (ended || retry !== undefined) return;
    alive = false;
    handlers.lost?.();
    retry = window.setTimeout(open, retryMs);
    // An EventSource does not tell why it failed
    const answer = await fetch('/api/me', { method: 'HEAD', headers: idleHeader() }).catch(() => undefined);
    // A late answer is of before: whoever is let in again meanwhile is not refused
    if (answer?.status === 401 && !alive && !ended) handlers.refused?.();
  };
  const open = (): void => {
    clearTimeout(retry);
    retry = undefined;
    heardAt = performance.now();
    const opened = new EventSource(path);
    source = opened;
    opened.addEventListener('open', () => {
      heard();
      handlers.opened?.();
    });
    opened.addEventListener('beat', heard);
    opened.addEventListener('error', () => {
      if (source === opened) void lose();
    });
    for (const [name, take] of Object.entries(handlers.on))
      opened.addEventListener(name, (event) => {
        heard();
        const { data, lastEventId } = event as MessageEvent<string>;
        take(data, lastEventId);
      });
  };
  const watchdog = window.setInterval(() => {
    if (!source || performance.now() - heardAt <= patienceMs) return;
    patienceMs = Math.min(2 * patienceMs, longestSilenceMs);
    void lose();
  }, 5_000);
  // A browser that wakes, or has its network back, need not wait for its turn
  const again = (): void => {
    if (retry !== undefined && !document.hidden) open();
  };
  addEventListener('online', again);
  document.addEventListener('visibilitychange', again);
  open();
  return () => {
    ended = true;
    clearInterval(watchdog);
    clearTimeout(retry);
    removeEventListener('online', again);
    document.removeEventListener('visibilitychange', again);
    source?.close();
  };
};

/** Whoever wants to know. */
export interface ConnectionListener {
  snapshot(snapshot: Snapshot): void;
  /** @param id - number of the last of them */
  changes(changes: readonly Change[], id: number): void;
  state(state: ConnectionState): void;
}

/**
 * Keep a connection to what the server shows and what changes.
 *
 * @returns a function that ends it
 */
export const connect = (listener: ConnectionListener): (() => void) => {
  listener.state('connecting');
  return keepEvents('/api/events', {
    on: {
      snapshot: (data) => {
        listener.snapshot(JSON.parse(data) as Snapshot);
        listener.state('live');
      },
      changes: (data, id) => listener.changes(JSON.parse(data) as Change[], Number(id)),
    },
    lost: () => listener.state('lost'),
    refused: () => listener.state('refused'),
  });
};
