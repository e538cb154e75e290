import { signal } from '@preact/signals';
import { announce } from '../api.ts';

interface Saying {
  readonly text: string;
  readonly grave: boolean;
  readonly action?: { readonly word: string; readonly key?: string; run(): void };
}

const shownMs = 8_000;

/** What was said last; null once it has been read. */
export const saying = signal<Saying | null>(null);
let timer: number | undefined;

/** Say what came of something done, for a while, with a way to take it back where there is one. */
export const say = (text: string, action?: Saying['action'], grave = false): void => {
  saying.value = { text, grave, ...(action && { action }) };
  announce(text);
  clearTimeout(timer);
  timer = window.setTimeout(hush, shownMs);
};

/** Say that something failed. */
export const sayFailed = (error: unknown): void =>
  say(error instanceof Error ? error.message : String(error), undefined, true);

/** It has been read. */
export const hush = (): void => {
  saying.value = null;
};

/** Where it is said: it floats above the page, and takes no focus. */
export const Toast = () => {
  const said = saying.value;
  if (!said) return null;
  const { text, grave, action } = said;
  return (
    <aside class={grave ? 'toast grave-toast' : 'toast'} aria-label="What came of it">
      <p>{text}</p>
      {action && (
        <button
          type="button"
          onClick={() => {
            hush();
            action.run();
          }}
        >
          {action.word} {action.key && <kbd>{action.key}</kbd>}
        </button>
      )}
      <button type="button" class="quiet close" aria-label="Close" onClick={hush}>
        ✕
      </button>
    </aside>
  );
};
