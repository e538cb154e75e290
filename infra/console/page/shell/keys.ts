import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** What a key does. */
export interface KeyAction {
  /** As `KeyboardEvent.key` names it; `g q` is g, then q. */
  readonly key: string;
  readonly text: string;
  run(event: KeyboardEvent): void;
}

/** Keys of one part of the page, under a heading. */
export interface KeyGroup {
  readonly title: string;
  readonly actions: readonly KeyAction[];
}

const storageKey = 'ebbtide.keys';
const sequenceMs = 1_500;

/** Keys in force, the newest group last: it goes before others. */
export const keyGroups = signal<readonly KeyGroup[]>([]);
/** Whether single letters do anything: speech input types them by mistake. */
export const keysOn = signal(localStorage.getItem(storageKey) !== 'off');

/** Switch keys of one letter on or off, on this machine. */
export const setKeys = (on: boolean): void => {
  keysOn.value = on;
  if (on) localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, 'off');
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select'));

let begun: { readonly key: string; readonly at: number } | undefined;

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !keysOn.value) return;
  if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
  const sequence = begun && event.timeStamp - begun.at < sequenceMs ? `${begun.key} ${event.key}` : undefined;
  begun = undefined;
  const groups = [...keyGroups.value].reverse();
  const find = (key: string) => groups.flatMap(({ actions }) => actions).find((action) => action.key === key);
  const action = (sequence && find(sequence)) || find(event.key);
  if (action) {
    event.preventDefault();
    action.run(event);
  } else if (groups.some(({ actions }) => actions.some(({ key }) => key.startsWith(`${event.key} `))))
    begun = { key: event.key, at: event.timeStamp };
});

/** Put keys in force for as long as a component is shown. What they do may change with each rendering. */
export const useKeys = (title: string, actions: readonly KeyAction[]): void => {
  const current = useRef(actions);
  current.current = actions;
  const names = actions.map(({ key, text }) => `${key}\n${text}`).join('\n');
  // With the drawing, so that no key is lost between what is seen and what can be done
  useLayoutEffect(() => {
    const group: KeyGroup = {
      title,
      actions: current.current.map(({ key, text }, index) => ({
        key,
        text,
        run: (event) => current.current[index]?.run(event),
      })),
    };
    keyGroups.value = [...keyGroups.value, group];
    return () => {
      keyGroups.value = keyGroups.value.filter((other) => other !== group);
    };
  }, [title, names]);
};
