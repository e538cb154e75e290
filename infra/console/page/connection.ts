import type { Change, Snapshot } from '../view/protocol.ts';
import type { ConnectionState } from './store.ts';

/** Whoever wants to know. */
export interface ConnectionListener {
  snapshot(snapshot: Snapshot): void;
  /** @param id - number of the last of them */
  changes(changes: readonly Change[], id: number): void;
  state(state: ConnectionState): void;
}

const silenceMs = 25_000;
const retryMs = 1_500;

/**
 * Keep a connection to the server's events: connect again when it is lost or falls silent, for ever.
 *
 * @returns a function that ends it
 */
export const connect = (listener: ConnectionListener): (() => void) => {
  let source: EventSource | undefined;
  let retry: number | undefined;
  let heardAt = 0;
  let ended = false;

  const heard = (): void => {
    heardAt = performance.now();
  };
  const lose = async (): Promise<void> => {
    source?.close();
    source = undefined;
    if (ended || retry !== undefined) return;
    listener.state('lost');
    retry = window.setTimeout(() => {
      retry = undefined;
      open();
    }, retryMs);
    // An EventSource does not tell why it failed
    const answer = await fetch('/api/state', { method: 'HEAD' }).catch(() => undefined);
    if (answer?.status === 401) listener.state('refused');
  };
  const open = (): void => {
    heard();
    source = new EventSource('/api/events');
    source.addEventListener('snapshot', (event) => {
      heard();
      listener.snapshot(JSON.parse((event as MessageEvent<string>).data) as Snapshot);
      listener.state('live');
    });
    source.addEventListener('changes', (event) => {
      heard();
      const { data, lastEventId } = event as MessageEvent<string>;
      listener.changes(JSON.parse(data) as Change[], Number(lastEventId));
    });
    source.addEventListener('beat', heard);
    source.addEventListener('error', () => void lose());
  };
  const watchdog = window.setInterval(() => {
    if (source && performance.now() - heardAt > silenceMs) void lose();
  }, 5_000);
  listener.state('connecting');
  open();
  return () => {
    ended = true;
    clearInterval(watchdog);
    clearTimeout(retry);
    source?.close();
  };
};
