import type { Consent } from '../../../../agents/browser/page/types.ts';

const levels = [
  ['session', 'While I work here', 'How you type the phrase, type elsewhere, move and scroll on this page'],
  ['authentication', 'Only while I sign in', 'How you type the phrase, and nothing else'],
  ['none', 'Nothing', 'You can still sign in: every key then gets the shortest life'],
] as const satisfies readonly (readonly [Consent['level'], string, string])[];

/** What may be measured: shown at all times, and changed at any. */
export const ConsentChoice = ({
  level,
  onChange,
}: {
  readonly level: Consent['level'];
  readonly onChange: (level: Consent['level']) => void;
}) => (
  <fieldset class="consent-choice">
    <legend>What may be measured</legend>
    {levels.map(([value, title, about]) => (
      <label key={value}>
        <input
          type="radio"
          name="consent"
          value={value}
          checked={level === value}
          onChange={() => onChange(value)}
          aria-describedby={`consent-${value}`}
        />
        <span>{title}</span>
        <small id={`consent-${value}`}>{about}</small>
      </label>
    ))}
  </fieldset>
);
