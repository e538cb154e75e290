import { useEffect, useRef } from 'preact/hooks';

const typedMs = 200;

/** A field to find entries by words; says what was typed once the typing pauses. */
export const Find = ({
  label,
  value,
  onFind,
}: {
  readonly label: string;
  readonly value: string;
  readonly onFind: (text: string) => void;
}) => {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  useEffect(() => {
    // Not while it is typed: the answer to the first letters must not undo the next ones
    if (input.current && document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  // Whoever has left the page meanwhile is not called back to its list
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      ref={input}
      type="search"
      class="find"
      placeholder={label}
      aria-label={label}
      defaultValue={value}
      maxLength={256}
      autocomplete="off"
      spellcheck={false}
      onInput={({ currentTarget }) => {
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => onFind(currentTarget.value.trim()), typedMs);
      }}
    />
  );
};

/** One of a few, as buttons in a row. */
export const Choice = <T extends string>({
  label,
  value,
  options,
  onChoose,
}: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChoose: (value: T) => void;
}) => (
  // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as one line of buttons
  <div class="segmented" role="group" aria-label={label}>
    {options.map(([one, word]) => (
      <button key={one} type="button" aria-pressed={one === value} onClick={() => onChoose(one)}>
        {word}
      </button>
    ))}
  </div>
);

/** One of many, as a list that folds out. */
export const Select = <T extends string>({
  label,
  value,
  options,
  onChoose,
}: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChoose: (value: T) => void;
}) => (
  <select aria-label={label} value={value} onChange={(event) => onChoose(event.currentTarget.value as T)}>
    {options.map(([one, word]) => (
      <option key={one} value={one}>
        {word}
      </option>
    ))}
  </select>
);
