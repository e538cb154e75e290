import { effect, type Signal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { DeskView, Versioned } from '../view/desk.ts';
import { ApiError } from './api.ts';
import { desk, snapshots } from './live.ts';

/** What could not be read is read anew after this, milliseconds. */
export const retryMs = 15_000;

/** Whether what failed may go well in a while: not where the server has understood, and will say the same again. */
export const mayPass = (error: unknown): boolean =>
  !(error instanceof ApiError) ||
  error.status < 400 ||
  error.status === 429 ||
  (error.status >= 500 && error.status !== 501);

/** A number of the server's that counts up when something may have changed; whoever uses it is drawn anew only then. */
export const useDesk = <T extends number>(of: (view: DeskView) => T): T => useComputed(() => of(desk.value)).value;

/** See {@link useDesk}: the number of what pages read whole. */
export const useVersion = (what: Versioned): number => useDesk(({ versions }) => versions[what]);

/** Wait until something of the server's counts up, or for `mostMs`. */
export const counted = (of: (view: DeskView) => number, mostMs: number): Promise<void> =>
  new Promise((resolve) => {
    const before = of(desk.peek());
    const end = (): void => {
      clearTimeout(late);
      // Not within its own first run
      queueMicrotask(() => stop());
      resolve();
    };
    const late = setTimeout(end, mostMs);
    const stop = effect(() => {
      if (of(desk.value) !== before) end();
    });
  });

/**
 * Read now, and anew whenever something counts up or the page has been away from its server: one reading at a time, and what
 * changes while nobody looks at the page is read when somebody does. What failed in passing is tried again in 15 s.
 *
 * @param read - rejects where it failed; whoever reads shows that
 * @param inputs - with any other of these it is read anew too
 * @param held - whether somebody is at work with what was read, so that it must not change; asked again with {@link settle}
 * @returns `settle`: nobody is at work any more
 */
export const useFresh = (
  read: () => Promise<unknown>,
  inputs: readonly unknown[],
  held: () => boolean = () => false,
): { readonly settle: () => void } => {
  const state = useRef({ read, held, reading: false, owed: false, begun: false, gone: false, retry: 0 });
  state.current.read = read;
  state.current.held = held;
  const now = useRef(() => {
    const at = state.current;
    if (at.gone) return;
    at.owed = at.reading || (at.begun && (document.hidden || at.held()));
    if (at.owed) return;
    at.reading = true;
    at.begun = true;
    clearTimeout(at.retry);
    void at
      .read()
      .catch((error: unknown) => {
        if (mayPass(error) && !at.gone) at.retry = window.setTimeout(() => now.current(), retryMs);
      })
      .finally(() => {
        at.reading = false;
        settle.current();
      });
  });
  const settle = useRef(() => {
    if (state.current.owed) now.current();
  });
  useEffect(() => now.current(), [...inputs, snapshots.value]);
  useEffect(() => {
    const { current } = settle;
    document.addEventListener('visibilitychange', current);
    return () => {
      state.current.gone = true;
      clearTimeout(state.current.retry);
      document.removeEventListener('visibilitychange', current);
    };
  }, []);
  return { settle: settle.current };
};

/**
 * What the server answers, kept fresh by {@link useFresh}, or why it has not come.
 *
 * @returns `load`: read it at once; never rejects
 */
export const useRead = <T>(
  ask: () => Promise<T>,
  inputs: readonly unknown[],
  held?: () => boolean,
): {
  readonly data: Signal<T | null>;
  readonly error: Signal<unknown>;
  readonly load: () => Promise<void>;
  readonly settle: () => void;
} => {
  const data = useSignal<T | null>(null);
  const error = useSignal<unknown>(null);
  const read = async (): Promise<void> => {
    try {
      data.value = await ask();
      error.value = null;
    } catch (failed) {
      error.value = failed;
      throw failed;
    }
  };
  const { settle } = useFresh(read, inputs, held);
  return { data, error, load: () => read().catch(() => {}), settle };
};
