import type { TargetedKeyboardEvent } from 'preact';
import { useRef } from 'preact/hooks';
import { phrase, type Typist } from './words.ts';

/** Selector of the field that the browser agent times. */
export const phraseField = '#behaviour-phrase';

const startsOver = new Set(['Backspace', 'Delete', 'Escape']);

/** Where the phrase is typed. Whoever corrects it begins anew: a corrected phrase has no rhythm to compare. */
export const PhraseForm = ({
  ready,
  busy,
  enrolled,
  enrolment,
  message,
  typist,
  onTypist,
  onBegin,
  onEnter,
}: {
  readonly ready: boolean;
  readonly busy: boolean;
  readonly enrolled: number;
  readonly enrolment: number;
  readonly message: string;
  readonly typist: Typist;
  readonly onTypist: (typist: Typist) => void;
  /** A phrase may begin. */
  readonly onBegin: () => void;
  /** Told whether what was entered is the phrase. */
  readonly onEnter: (isPhrase: boolean) => void;
}) => {
  const field = useRef<HTMLInputElement>(null);
  const restart = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    if (!startsOver.has(event.key)) return;
    event.preventDefault();
    const input = event.currentTarget;
    input.value = '';
    // A phrase ends with the field's focus; the agent must have heard of the key before
    setTimeout(() => {
      input.blur();
      input.focus();
    });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const entered = field.current!.value;
    field.current!.value = '';
    if (!busy && entered !== '') onEnter(entered === phrase);
  };
  const isKnown = enrolled >= enrolment;
  return (
    <form class="phrase-form" onSubmit={submit} autocomplete="off">
      <label for="behaviour-phrase">
        Type <q class="phrase">{phrase}</q> and press Enter
      </label>
      <div class="phrase-row">
        <input
          ref={field}
          id="behaviour-phrase"
          type="text"
          disabled={!ready}
          autocomplete="off"
          autocapitalize="none"
          autocorrect="off"
          spellcheck={false}
          maxLength={60}
          enterKeyHint="go"
          aria-describedby="phrase-hint"
          onFocus={onBegin}
          onKeyDown={restart}
        />
        <button type="submit" class="primary" disabled={!ready} aria-busy={busy}>
          Sign in
        </button>
      </div>
      <p id="phrase-hint" class="phrase-hint">
        In one go, at your own pace. Backspace begins anew.
      </p>
      <p class="phrase-message" role="status">
        {message}
      </p>
      {isKnown ? (
        <fieldset class="typist">
          <legend>Who types now?</legend>
          {(['owner', 'friend'] as const).map((who) => (
            <label key={who}>
              <input
                type="radio"
                name="typist"
                checked={typist === who}
                disabled={!ready}
                onChange={() => onTypist(who)}
              />
              <span>{who === 'owner' ? 'I do' : 'A friend'}</span>
            </label>
          ))}
          <small>Marks the plot; the key host is not told.</small>
        </fieldset>
      ) : (
        <div class="enrolment">
          <p>
            Learning you: {enrolled} of {enrolment}
          </p>
          <progress value={enrolled} max={enrolment} aria-label="Samples learned" />
        </div>
      )}
    </form>
  );
};
