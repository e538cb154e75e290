import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const beyond = 12;

/** What a {@link Virtual} list shows. */
export interface VirtualProps {
  readonly label: string;
  readonly total: number;
  /** Height of each row, rem. */
  readonly rowRem: number;
  /** The row that the keyboard is on. */
  readonly current: number;
  /** Rows that come into view, the last one excluded. */
  readonly onSee: (first: number, last: number) => void;
  readonly onCurrent: (index: number) => void;
  /** A row was clicked. */
  readonly onPick: (index: number) => void;
  /** What a row shows. */
  readonly row: (index: number) => ComponentChildren;
  /** Given the way to move to a row, as the arrow keys do. */
  readonly mover?: RefObject<(index: number) => void>;
}

const remPx = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/**
 * A list of any length, of which only the rows near the window are there. It scrolls with the window. Arrow keys, Page Up
 * and Down, Home and End move between rows; one row at a time is reached by Tab.
 */
export const Virtual = ({ label, total, rowRem, current, onSee, onCurrent, onPick, row, mover }: VirtualProps) => {
  const list = useRef<HTMLOListElement>(null);
  const [range, setRange] = useState<readonly [number, number]>([0, 30]);
  const focusNext = useRef(false);

  useEffect(() => {
    let frame = 0;
    const look = (): void => {
      frame = 0;
      if (!list.current) return;
      const height = rowRem * remPx();
      const top = -list.current.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(top / height) - beyond);
      const last = Math.min(total, Math.ceil((top + innerHeight) / height) + beyond);
      setRange((before) => (before[0] === first && before[1] === last ? before : [first, Math.max(first, last)]));
    };
    const soon = (): void => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [total, rowRem]);
  useEffect(() => onSee(range[0], range[1]), [range, onSee]);

  useLayoutEffect(() => {
    if (!focusNext.current) return;
    const item = list.current?.querySelector<HTMLElement>(`[data-index="${current}"]`);
    if (!item) return;
    focusNext.current = false;
    item.focus({ preventScroll: true });
  });
  const move = (index: number): void => {
    const next = Math.min(total - 1, Math.max(0, index));
    onCurrent(next);
    focusNext.current = true;
    const height = rowRem * remPx();
    const top = (list.current?.getBoundingClientRect().top ?? 0) + next * height;
    // Rows that are far away are not there yet to be scrolled to
    if (top < 0) scrollBy(0, top - 96);
    else if (top + height > innerHeight) scrollBy(0, top + height - innerHeight + 48);
  };
  if (mover) mover.current = move;
  const keydown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLElement && event.target.matches('input, textarea, select')) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const steps: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + 10,
      PageUp: current - 10,
      Home: 0,
      End: total - 1,
    };
    const next = steps[event.key];
    if (next === undefined || total === 0) return;
    event.preventDefault();
    move(next);
  };
  const [first, last] = [Math.min(range[0], total), Math.min(range[1], total)];
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <ol ref={list} class="virtual" aria-label={label} style={{ height: `${total * rowRem}rem` }} onKeyDown={keydown}>
      {shown.map((index) => (
        <li
          key={index}
          data-index={index}
          class={index === current ? 'row current' : 'row'}
          style={{ top: `${index * rowRem}rem`, height: `${rowRem}rem` }}
          aria-setsize={total}
          aria-posinset={index + 1}
          aria-current={index === current ? 'true' : undefined}
          tabIndex={index === current ? 0 : -1}
          onFocusIn={() => index !== current && onCurrent(index)}
          onClick={(event) => event.target instanceof Element && !event.target.closest('a, button') && onPick(index)}
          onKeyDown={undefined}
        >
          {row(index)}
        </li>
      ))}
    </ol>
  );
};
