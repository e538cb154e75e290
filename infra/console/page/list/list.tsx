import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import { mayPass, retryMs, useFresh } from '../fresh.ts';
import { snapshots } from '../live.ts';
import { type KeyAction, useKeys } from '../shell/keys.ts';
import { Failed, Loading } from '../shell/page.tsx';
import { type Answer, Paged } from './paged.ts';
import { Virtual } from './virtual.tsx';

/** How a page uses its list. */
export interface ListOptions<T> {
  /** Heading of its keys. */
  readonly title: string;
  /** What one entry is called: `subject`. */
  readonly one: string;
  /** Enter, and a click beside links and buttons where nothing stands beside the list. */
  readonly open: (entry: T) => void;
  /** What Enter does, in words. */
  readonly opens: string;
  /** Counts up when the server has something new; the list is read anew. */
  readonly version?: number;
  /** Whether somebody is at work in it, so that rows must not move. */
  readonly busy?: () => boolean;
  readonly keys?: readonly KeyAction[];
}

/** A list that a page holds. */
export interface Listed<T, A extends Answer<T>> {
  readonly list: Paged<T, A>;
  /** Where the keyboard is. */
  readonly current: Signal<number>;
  /** The entry there, where it has come. */
  readonly entry: T | undefined;
  readonly pick: (index: number) => void;
  readonly onCurrent: (index: number) => void;
  readonly mover: { current: (index: number) => void };
  /** Nobody is at work in it any more: what was put off is read. */
  readonly settle: () => void;
}

/**
 * A long list of the server's by its filters: read anew when they, or what the server has, change; `j`, `k` and Enter
 * move in it and open.
 *
 * @param beside - where what is known of an entry stands beside the list: which is chosen, by {@link useChosen}
 */
export const useList = <T, A extends Answer<T> = Answer<T>>(
  path: string,
  filter: Readonly<Record<string, string | number>>,
  { title, one, open, opens, version, busy, keys = [] }: ListOptions<T>,
  beside?: Chosen<T>,
): Listed<T, A> => {
  const key = JSON.stringify(filter);
  const list = useMemo(() => new Paged<T, A>(path, JSON.parse(key) as typeof filter), [path, key]);
  const begun = useMemo(() => ({ version, snapshots: snapshots.peek() }), [list]);
  const current = useSignal(0);
  const mover = useRef<(index: number) => void>(() => {});
  const read = list.version.value;
  useEffect(() => {
    current.value = 0;
    return () => list.close();
  }, [list]);
  const renew = async (): Promise<void> => {
    // Shown for the first time, it asks for what is seen by itself
    if (version === begun.version && snapshots.peek() === begun.snapshots && !list.error.peek()) return;
    const failed = await list.refresh();
    if (failed && !list.error.peek()) throw failed;
  };
  const { settle } = useFresh(renew, [list, version], busy);
  const error = list.error.value;
  useEffect(() => {
    if (!error || !mayPass(error)) return;
    const late = setTimeout(() => void list.refresh(), retryMs);
    return () => clearTimeout(late);
  }, [list, error]);
  useEffect(() => {
    const id = beside?.id.peek() ?? null;
    if (!beside || id === null || list.answer.peek() === null) return;
    // The list has moved under whoever looks at an entry: go with it, or to what stands there now
    const index = list.indexOf((entry) => beside.idOf(entry) === id);
    if (index >= 0) current.value = index;
    else {
      current.value = Math.max(0, Math.min(current.peek(), list.total.peek() - 1));
      beside.choose(list.at(current.peek()) ?? null);
    }
  }, [list, read]);
  const onCurrent = (index: number): void => {
    current.value = index;
    const entry = list.at(index);
    if (entry) beside?.choose(entry);
  };
  const entry = list.at(current.value);
  const step = (by: number) => () => mover.current(beside?.id.value === null ? current.value : current.value + by);
  useKeys(title, [
    { key: 'j', text: `Next ${one}`, run: step(1) },
    { key: 'k', text: `${one.charAt(0).toUpperCase()}${one.slice(1)} before`, run: step(-1) },
    { key: 'Enter', text: opens, run: () => entry && open(entry) },
    ...(beside ? [{ key: 'Escape', text: `Close the ${one}`, run: () => beside.choose(null) }] : []),
    ...keys,
  ]);
  const pick = (index: number): void => {
    if (beside) onCurrent(index);
    else if (list.at(index)) open(list.at(index)!);
  };
  return { list, current, entry, pick, onCurrent, mover, settle };
};

/** The entry that is looked at beside a list. */
export interface Chosen<T> {
  /** Null while none is. */
  readonly id: Signal<string | null>;
  readonly idOf: (entry: T) => string;
  readonly choose: (entry: T | null) => void;
}

/**
 * Holds which entry of a list is looked at beside it.
 *
 * @param changed - another one is, or none
 */
export const useChosen = <T,>(idOf: (entry: T) => string, changed: () => void = () => {}): Chosen<T> => {
  const id = useSignal<string | null>(null);
  const choose = (entry: T | null): void => {
    const next = entry && idOf(entry);
    if (next === id.peek()) return;
    id.value = next;
    changed();
  };
  return { id, idOf, choose };
};

/** Shows what {@link useList} holds: rows, or why there are none. */
export const List = <T, A extends Answer<T>>({
  of: { list, current, pick, onCurrent, mover },
  label,
  rowRem,
  row,
  empty,
  beside,
}: {
  readonly of: Listed<T, A>;
  readonly label: string;
  /** Height of each row, rem. */
  readonly rowRem: number;
  readonly row: (entry: T) => ComponentChildren;
  readonly empty: ComponentChildren;
  /** What stands beside the rows about the one that is at hand. */
  readonly beside?: ComponentChildren;
}) => {
  const see = useCallback((first: number, last: number) => list.see(first, last), [list]);
  const { error, total, answer } = list;
  const shown = (index: number) => {
    const entry = list.at(index);
    return entry ? row(entry) : <span class="row-missing" />;
  };
  return (
    <>
      {error.value && <Failed error={error.value} onRetry={() => void list.refresh()} />}
      {!error.value && !answer.value && <Loading what={`Reading: ${label.toLowerCase()}`} />}
      {answer.value && total.value === 0 && empty}
      <div class={beside ? 'split open' : 'split'}>
        <Virtual
          {...{ label, rowRem, mover, onCurrent }}
          total={total.value}
          current={current.value}
          onSee={see}
          onPick={pick}
          row={shown}
        />
        {beside}
      </div>
    </>
  );
};
