import type { ComponentType } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { PolicyField, PolicyProblem } from '../../../view/policy.ts';
import { type Draft, isDraft } from './draft.ts';
import type { FieldProps } from './field.tsx';
import { twice, usePairs } from './lists.tsx';
import { nameOf, titleOf } from './wording.ts';

/** The name of a new entry that none bears yet. */
const freeName = (names: readonly string[]): string => {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'new' : `new-${number}`;
    if (!names.includes(name)) return name;
  }
};

/** What a new entry needs: lists that it cannot do without are empty. */
const blank = (columns: readonly PolicyField[]): Draft =>
  Object.fromEntries(columns.filter(({ optional }) => !optional).map((column) => [nameOf(column), []]));

/** Several values by a name that is chosen freely, a group each; with what is wrong at the value that is wrong. */
export const Entries = ({
  field: { path, columns },
  id,
  value,
  before,
  onSet,
  problems,
  Field,
}: {
  readonly field: PolicyField;
  readonly id: string;
  readonly value: Draft;
  readonly before: unknown;
  readonly onSet: (value: unknown) => void;
  readonly problems: readonly PolicyProblem[];
  /** What shows one value. */
  readonly Field: ComponentType<FieldProps>;
}) => {
  const [pairs, put] = usePairs(value, onSet);
  const list = useRef<HTMLDivElement>(null);
  const goTo = useRef<number | null>(null);
  // At once: what a render before left to be done later must not take it for its own
  useLayoutEffect(() => {
    if (goTo.current === null) return;
    const fieldset = list.current?.querySelectorAll<HTMLElement>('fieldset')[goTo.current];
    goTo.current = null;
    (fieldset?.querySelector('input') ?? list.current?.querySelector<HTMLElement>('.row-add'))?.focus();
  });
  const at = (column: PolicyField, name: string): PolicyField => ({
    ...column,
    path: column.path.replace('*', () => name),
    columns: column.columns.map((one) => ({ ...one, path: one.path.replace('*', () => name) })),
  });
  const isBelow = (where: string, prefix: string): boolean => where === prefix || where.startsWith(`${prefix}.`);
  const rest = problems.filter(({ path: where }) => !pairs.some(([name]) => isBelow(where, `${path}.${name}`)));
  return (
    <div class="policy-entries" ref={list}>
      {pairs.map(([name, one], index) => {
        const entry = isDraft(one) ? one : {};
        const set = (column: string, next: unknown): void => {
          const { [column]: _, ...others } = entry;
          const changed = next === undefined ? others : { ...entry, [column]: next };
          put(pairs.map((pair, other) => (other === index ? [name, changed] : pair)));
        };
        const own = problems.filter(
          ({ path: where }) =>
            isBelow(where, `${path}.${name}`) && !columns.some((column) => isBelow(where, at(column, name).path)),
        );
        const messages = [twice(pairs, index), ...own.map(({ message }) => message)].filter(
          (text) => text !== undefined,
        );
        const nameId = `${id}-${index}-name`;
        const wrong = messages.length > 0 ? `${nameId}-wrong` : undefined;
        return (
          <fieldset key={index} class="policy-entry">
            <legend>{name || 'Without a name'}</legend>
            <div class="policy-field" data-kind="text">
              <label for={nameId}>Name</label>
              <input
                id={nameId}
                type="text"
                value={name}
                autocomplete="off"
                spellcheck={false}
                aria-invalid={wrong !== undefined}
                aria-describedby={wrong}
                onInput={({ currentTarget }) => {
                  const renamed = currentTarget.value;
                  put(pairs.map((pair, other) => (other === index ? [renamed, pair[1]] : pair)));
                }}
              />
              {wrong && (
                <div id={wrong}>
                  {messages.map((message) => (
                    <p key={message} class="form-failure">
                      {message}
                    </p>
                  ))}
                </div>
              )}
            </div>
            {columns.map((column) => (
              <Field
                key={column.path}
                id={`${id}-${index}-${nameOf(column)}`}
                title={titleOf({ ...column, path: nameOf(column) })}
                field={at(column, name)}
                value={entry[nameOf(column)]}
                before={isDraft(before) && isDraft(before[name]) ? before[name][nameOf(column)] : undefined}
                onSet={(next) => set(nameOf(column), next)}
                problems={problems}
              />
            ))}
            <button
              type="button"
              class="quiet"
              onClick={() => {
                goTo.current = Math.min(index, pairs.length - 2);
                put(pairs.filter((_, other) => other !== index));
              }}
            >
              Take out {name || 'what has no name'}
            </button>
          </fieldset>
        );
      })}
      {rest.map(({ path: where, message }) => (
        <p key={where} class="form-failure">
          {message}
        </p>
      ))}
      <button
        type="button"
        class="row-add"
        onClick={() => {
          goTo.current = pairs.length;
          put([...pairs, [freeName(pairs.map(([name]) => name)), blank(columns)]]);
        }}
      >
        Add an entry
      </button>
    </div>
  );
};
