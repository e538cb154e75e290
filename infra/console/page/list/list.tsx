import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
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
  /** Enter, or a click beside links and buttons, where `choose` is absent. */
  readonly open: (entry: T) => void;
  /** What Enter does, in words. */
  readonly opens: string;
  /** Counts up when the server has something new; the list is read anew. */
  readonly version?: number;
  /** Whether somebody is at work in it, so that rows must not move. */
  readonly busy?: (list: Paged<T>) => boolean;
  /** The keyboard or a click came to a row. */
  readonly choose?: (entry: T | undefined) => void;
  /** Steps from the row that is at hand by `j` and `k`; the first step may stay. @default always steps */
  readonly stays?: () => boolean;
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
  readonly move: (index: number) => void;
  readonly mover: { current: (index: number) => void };
}

/**
 * A long list of the server's by its filters: read anew when they, or what the server has, change; `j`, `k` and Enter
 * move in it and open.
 */
export const useList = <T, A extends Answer<T> = Answer<T>>(
  path: string,
  filter: Readonly<Record<string, string>>,
  { title, one, open, opens, version, busy, choose, stays, keys = [] }: ListOptions<T>,
): Listed<T, A> => {
  const key = JSON.stringify(filter);
  const list = useMemo(() => new Paged<T, A>(path, JSON.parse(key) as typeof filter), [path, key]);
  const current = useSignal(0);
  const mover = useRef<(index: number) => void>(() => {});
  void list.version.value;
  useEffect(() => {
    current.value = 0;
    return () => list.close();
  }, [list]);
  useEffect(() => {
    if (list.answer.peek() && !busy?.(list as Paged<T>)) void list.refresh();
  }, [list, version, snapshots.value]);
  const move = (index: number): void => {
    current.value = index;
    choose?.(list.at(index));
  };
  const entry = list.at(current.value);
  const step = (by: number) => () => mover.current(stays?.() ? current.value : current.value + by);
  useKeys(title, [
    { key: 'j', text: `Next ${one}`, run: step(1) },
    { key: 'k', text: `${one.charAt(0).toUpperCase()}${one.slice(1)} before`, run: step(-1) },
    { key: 'Enter', text: opens, run: () => entry && open(entry) },
    ...keys,
  ]);
  const pick = (index: number): void => {
    if (choose) move(index);
    else if (list.at(index)) open(list.at(index)!);
  };
  return { list, current, entry, pick, move, mover };
};

/** Shows what {@link useList} holds: rows, or why there are none. */
export const List = <T, A extends Answer<T>>({
  of: { list, current, pick, move, mover },
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
          {...{ label, rowRem, mover }}
          total={total.value}
          current={current.value}
          onSee={see}
          onCurrent={move}
          onPick={pick}
          row={shown}
        />
        {beside}
      </div>
    </>
  );
};
