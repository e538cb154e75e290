import type { PolicyField, PolicyProblem } from '../../../view/policy.ts';
import { type Draft, isDraft, same } from './draft.ts';
import { Entries } from './entries.tsx';
import { Numbers, Texts } from './lists.tsx';
import { Rows } from './rows.tsx';
import { TimeUnit } from './timeUnit.tsx';
import { isDuration, problemsOf, textOf, titleOf } from './wording.ts';

const none = ({ optional, nullable }: PolicyField): string | undefined =>
  optional ? 'inherited' : nullable ? 'none' : undefined;

const Numeric = ({ field, id, value, onSet }: ControlProps) => {
  const unit = isDuration(field) ? 1_000 : 1;
  const shown = typeof value === 'number' ? value / unit : '';
  const [least, most] = [field.least, field.most];
  const bounded = least !== null && most !== null && !field.nullable;
  const step = field.whole && unit === 1 ? 1 : most !== null && most <= 1 ? 0.01 : bounded ? 1 : 'any';
  const take = (text: string): void => {
    const next = Number(text) * unit;
    if (text === '' && field.optional) onSet(undefined);
    else if (text === '' && field.nullable) onSet(null);
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
        placeholder={none(field)}
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
      placeholder={none(field)}
      aria-describedby={about}
      autocomplete="off"
      onChange={({ currentTarget }) => {
        const text = currentTarget.value.trim();
        onSet(text !== '' ? text : field.optional ? undefined : field.nullable ? null : text);
      }}
    />
  );
};

/** Whether a value is what the form of its kind can show: JSON can hold anything in its place, or nothing. */
const fits = ({ kind, columns }: PolicyField, value: unknown): boolean => {
  if (kind === 'texts') return Array.isArray(value) && value.every((one) => typeof one === 'string');
  if (kind === 'rows') return Array.isArray(value) && value.every(isDraft);
  const isNumbers = columns[0]?.kind === 'number' && columns.length === 1;
  return isDraft(value) && Object.values(value).every(isNumbers ? (one) => typeof one === 'number' : isDraft);
};

const List = ({ field, id, value, before, onSet, problems }: FieldProps & { readonly id: string }) => {
  // A policy without them has none; of ranges there always are some
  const isNone = value === undefined && (field.optional || field.kind !== 'rows');
  const shown = isNone ? (field.kind === 'entries' ? {} : []) : value;
  if (!fits(field, shown))
    return (
      <>
        <p class="field-about">
          The draft has {field.kind === 'rows' ? 'no list of rows' : 'something else'} here: change it as JSON, below.
        </p>
        {problems.map(({ path, message }) => (
          <p key={path} class="form-failure">
            {message}
          </p>
        ))}
      </>
    );
  const set = (next: unknown): void =>
    onSet(field.optional && Array.isArray(next) && next.length === 0 ? undefined : next);
  const parts = { id, problems, onSet: set };
  if (field.kind === 'texts') return <Texts {...parts} field={field} value={shown as string[]} />;
  if (field.kind === 'rows')
    return <Rows {...parts} field={field.optional ? { ...field, least: 0 } : field} value={shown as Draft[]} />;
  if (field.columns.length === 1 && field.columns[0]!.kind === 'number')
    return <Numbers {...parts} field={field} value={shown as Draft} />;
  return <Entries {...parts} field={field} value={shown as Draft} before={before} Field={Field} />;
};

/** What {@link Field} shows. */
export interface FieldProps {
  readonly field: PolicyField;
  readonly value: unknown;
  readonly before: unknown;
  readonly onSet: (value: unknown) => void;
  readonly problems: readonly PolicyProblem[];
  /** @default by the field's path */
  readonly id?: string;
  /** @default the field's path as words */
  readonly title?: string;
}

/** One value of a policy: its name, what it does, a control, and what it was. */
export const Field = ({ field, value, before, onSet, problems, ...given }: FieldProps) => {
  const id = given.id ?? `policy-${field.path.replaceAll('.', '-')}`;
  const title = given.title ?? titleOf(field);
  const changed = !same(value, before);
  const wrong = problemsOf(field, problems);
  const isList = field.kind === 'rows' || field.kind === 'texts' || field.kind === 'entries';
  return (
    <div
      class="policy-field"
      data-changed={changed || undefined}
      data-kind={field.kind}
      {...(isList && { role: 'group', 'aria-labelledby': id })}
    >
      {isList ? (
        <span id={id} class="policy-rows-title">
          {title}
        </span>
      ) : (
        <label for={id}>{title}</label>
      )}
      {isList ? (
        <List field={field} id={id} value={value} before={before} onSet={onSet} problems={wrong} />
      ) : (
        <>
          <Control field={field} id={id} value={value} onSet={onSet} />
          {wrong.map(({ message }) => (
            <p key={message} class="form-failure">
              {message}
            </p>
          ))}
        </>
      )}
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
