import type { PolicyField, PolicyProblem } from '../../../view/policy.ts';
import { isDraft, same } from './draft.ts';
import { Rows } from './rows.tsx';
import { TimeUnit } from './timeUnit.tsx';
import { isDuration, problemsOf, textOf, titleOf } from './wording.ts';

const Numeric = ({ field, id, value, onSet }: ControlProps) => {
  const unit = isDuration(field) ? 1_000 : 1;
  const shown = typeof value === 'number' ? value / unit : '';
  const [least, most] = [field.least, field.most];
  const bounded = least !== null && most !== null && !field.nullable;
  const step = field.whole && unit === 1 ? 1 : most !== null && most <= 1 ? 0.01 : bounded ? 1 : 'any';
  const take = (text: string): void => {
    const next = Number(text) * unit;
    if (text === '' && field.nullable) onSet(null);
    else if (text !== '' && Number.isFinite(next)) onSet(field.whole ? Math.round(next) : next);
  };
  return (
    <span class="field-number">
      {bounded && (
        <input
          type="range"
          min={least}
          max={most}
          step={step}
          value={shown}
          aria-label={titleOf(field)}
          aria-describedby={`${id}-about`}
          onInput={({ currentTarget }) => take(currentTarget.value)}
        />
      )}
      <input
        id={id}
        type="number"
        min={least === null ? undefined : least / unit}
        max={most ?? undefined}
        step={step}
        value={shown}
        placeholder={field.nullable ? 'none' : undefined}
        aria-describedby={`${id}-about`}
        onInput={({ currentTarget }) => take(currentTarget.value)}
      />
      {unit > 1 && <TimeUnit ms={value} />}
    </span>
  );
};

interface ControlProps {
  readonly field: PolicyField;
  readonly id: string;
  readonly value: unknown;
  readonly onSet: (value: unknown) => void;
}

const Control = (props: ControlProps) => {
  const { field, id, value, onSet } = props;
  const about = `${id}-about`;
  if (field.kind === 'number') return <Numeric {...props} />;
  if (field.kind === 'choice')
    return (
      <select
        id={id}
        value={String(value)}
        aria-describedby={about}
        onChange={({ currentTarget }) => onSet(currentTarget.value)}
      >
        {field.options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    );
  if (field.kind === 'switch')
    return (
      <input
        id={id}
        type="checkbox"
        checked={value === true}
        aria-describedby={about}
        onChange={({ currentTarget }) => onSet(currentTarget.checked)}
      />
    );
  return (
    <input
      id={id}
      type="text"
      value={value === null || value === undefined ? '' : String(value)}
      placeholder={field.nullable ? 'none' : undefined}
      aria-describedby={about}
      autocomplete="off"
      onChange={({ currentTarget }) =>
        onSet(field.nullable && currentTarget.value.trim() === '' ? null : currentTarget.value.trim())
      }
    />
  );
};

/** One value of a policy: its name, what it does, a control, and what it was. */
export const Field = ({
  field,
  value,
  before,
  onSet,
  problems,
}: {
  readonly field: PolicyField;
  readonly value: unknown;
  readonly before: unknown;
  readonly onSet: (value: unknown) => void;
  readonly problems: readonly PolicyProblem[];
}) => {
  const id = `policy-${field.path.replaceAll('.', '-')}`;
  const changed = !same(value, before);
  const wrong = problemsOf(field, problems);
  const isList = field.kind === 'rows';
  // JSON can hold anything in its place, or nothing
  const rows = isList && Array.isArray(value) && value.every(isDraft) ? value : null;
  return (
    <div
      class="policy-field"
      data-changed={changed || undefined}
      data-kind={field.kind}
      {...(isList && { role: 'group', 'aria-labelledby': id })}
    >
      {isList ? (
        <span id={id} class="policy-rows-title">
          {titleOf(field)}
        </span>
      ) : (
        <label for={id}>{titleOf(field)}</label>
      )}
      {rows ? (
        <Rows field={field} id={id} value={rows} onSet={onSet} problems={wrong} />
      ) : isList ? (
        <p class="field-about">The draft has no list of rows here: change it as JSON, below.</p>
      ) : (
        <Control field={field} id={id} value={value} onSet={onSet} />
      )}
      {!rows &&
        wrong.map(({ message }) => (
          <p key={message} class="form-failure">
            {message}
          </p>
        ))}
      <p id={`${id}-about`} class="field-about">
        {field.about.replace(/, milliseconds/, '')}
        {changed && (
          <>
            {' '}
            <button type="button" class="link-button" onClick={() => onSet(before)}>
              In force: {textOf(field, before)}
            </button>
          </>
        )}
      </p>
    </div>
  );
};
