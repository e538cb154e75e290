import { type KeyClass, type Press, typingFeatures } from '../../../../models/biometric/keyClasses.ts';
import { counted } from './cost.ts';
import { PhraseRecorder } from './phrase.ts';
import type { Sink } from './types.ts';

const modifiers = new Set([
  'Shift',
  'Control',
  'Alt',
  'AltGraph',
  'Meta',
  'CapsLock',
  'Fn',
  'Dead',
  'Process',
  'Unidentified',
]);
const edits = new Set([
  'Backspace',
  'Delete',
  'Insert',
  'Home',
  'End',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
]);

const classOf = (key: string): KeyClass => {
  if (key === ' ') return 'space';
  if (edits.has(key)) return 'edit';
  if (key.length !== 1) return 'other';
  if (/\p{L}/u.test(key)) return 'letter';
  return /\p{N}/u.test(key) ? 'digit' : 'other';
};

/** Presses of a stretch of free typing at most, and at least. */
const mostPresses = 60;
const fewestPresses = 20;
/** A longer silence ends a stretch, milliseconds. */
const silenceMs = 5000;

/**
 * Time a phrase that is typed into a field, such as a password: places only.
 *
 * @returns stops watching
 */
export const watchPhrase = (field: HTMLElement, sink: Sink, signal: AbortSignal): void => {
  const recorder = new PhraseRecorder();
  const finish = (): void => {
    const features = recorder.finish();
    if (features) sink({ modality: 'keystroke', specification: 'phrase', time: Date.now(), features });
  };
  const on = <K extends keyof HTMLElementEventMap>(name: K, listener: (event: HTMLElementEventMap[K]) => void): void =>
    field.addEventListener(name, counted(listener), { signal, passive: true });
  on('keydown', (event) => {
    if (modifiers.has(event.key)) return;
    // The last key may be down still when the next one ends the phrase
    if (event.key === 'Enter' || event.key === 'Tab') setTimeout(finish, 300);
    else if (event.key.length !== 1 || event.ctrlKey || event.metaKey || !event.isTrusted) recorder.spoil();
    else recorder.down(event.code, event.timeStamp, event.repeat);
  });
  on('keyup', (event) => recorder.up(event.code, event.timeStamp));
  for (const name of ['paste', 'drop', 'cut'] as const) on(name, () => recorder.spoil());
  on('blur', finish);
  addEventListener('pagehide', finish, { signal });
};

/** Watch free typing anywhere on the page, by classes of keys. */
export const watchTyping = (sink: Sink, signal: AbortSignal): void => {
  let presses: Press[] = [];
  const held = new Map<string, { readonly of: KeyClass; readonly down: number }>();
  let last = 0;
  const finish = (): void => {
    if (presses.length >= fewestPresses)
      sink({
        modality: 'keystroke',
        specification: 'typing',
        time: Date.now(),
        features: typingFeatures(presses.sort((a, b) => a.down - b.down)),
      });
    presses = [];
  };
  const down = counted((event: KeyboardEvent) => {
    if (event.repeat || modifiers.has(event.key) || !event.isTrusted) return;
    if (event.timeStamp - last > silenceMs) finish();
    last = event.timeStamp;
    if (held.size < 12) held.set(event.code, { of: classOf(event.key), down: event.timeStamp / 1000 });
  });
  const up = counted((event: KeyboardEvent) => {
    const press = held.get(event.code);
    if (!press) return;
    held.delete(event.code);
    presses.push({ ...press, up: event.timeStamp / 1000 });
    if (presses.length >= mostPresses) finish();
  });
  addEventListener('keydown', down, { signal, passive: true, capture: true });
  addEventListener('keyup', up, { signal, passive: true, capture: true });
  addEventListener('blur', () => held.clear(), { signal });
  addEventListener('pagehide', finish, { signal });
};
