import { effect, useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { DeskView, Versioned } from '../view/desk.ts';
import { desk, snapshots } from './live.ts';

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
 * changes while nobody looks at the page is read when somebody does.
 *
 * @param inputs - with any other of these it is read anew too
 * @param held - whether somebody is at work with what was read, so that it must not change; asked again with {@link settle}
 * @returns `settle`: nobody is at work any more
 */
export const useFresh = (
  read: () => Promise<unknown>,
  inputs: readonly unknown[],
  held: () => boolean = () => false,
): { readonly settle: () => void } => {
  const state = useRef({ read, held, reading: false, owed: false, begun: false, gone: false });
  state.current.read = read;
  state.current.held = held;
  const now = useRef(() => {
    const at = state.current;
    if (at.gone) return;
    at.owed = at.reading || (at.begun && (document.hidden || at.held()));
    if (at.owed) return;
    at.reading = true;
    at.begun = true;
    void at
      .read()
      .catch(() => {})
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
      document.removeEventListener('visibilitychange', current);
    };
  }, []);
  return { settle: settle.current };
};
