import { useLayoutEffect, useRef } from 'preact/hooks';
import type { PolicyField, PolicyProblem } from '../../../view/policy.ts';
import type { Draft } from './draft.ts';
import { ListInput } from './listInput.tsx';
import { TimeUnit } from './timeUnit.tsx';
import { isDuration, nameOf, titleOf } from './wording.ts';

/** Title of a column: the last part of its path. */
const headOf = (column: PolicyField): string => titleOf({ ...column, path: nameOf(column) });

/** A row between two others: numbers halfway, a text to be given. */
const between = (columns: readonly PolicyField[], before: Draft | undefined, after: Draft | undefined): Draft =>
  Object.fromEntries(
    columns.map((column) => {
      const name = nameOf(column);
      if (column.kind === 'texts') return [name, undefined];
      if (column.kind !== 'number') return [name, ''];
      const [left, right] = [before?.[name] ?? after?.[name] ?? 1, after?.[name] ?? before?.[name] ?? 1] as number[];
      const middle = (left! + right!) / 2;
      return [name, column.whole ? Math.round(middle) : Number(middle.toPrecision(6))];
    }),
  );

const Cell = ({
  column,
  label,
  value,
  wrong,
  offers,
  onSet,
}: {
  readonly column: PolicyField;
  readonly label: string;
  readonly value: unknown;
  /** Id of what says that it is wrong. */
  readonly wrong: string | undefined;
  /** Id of the texts that are offered. */
  readonly offers: string;
  readonly onSet: (value: unknown) => void;
}) => {
  const unit = isDuration(column) ? 1_000 : 1;
  const said = { 'aria-label': label, 'aria-invalid': wrong !== undefined, 'aria-describedby': wrong };
  if (column.kind === 'texts')
    return (
      <ListInput
        {...said}
        value={value}
        placeholder={column.optional ? 'all' : undefined}
        onSet={(list) => onSet(list.length === 0 && column.optional ? undefined : list)}
      />
    );
  if (column.kind !== 'number')
    return (
      <input
        type="text"
        {...said}
        list={column.options.length > 0 ? offers : undefined}
        value={String(value ?? '')}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onSet(currentTarget.value)}
      />
    );
  return (
    <span class="field-number">
      <input
        type="number"
        {...said}
        min={column.least ?? undefined}
        max={column.most ?? undefined}
        step="any"
        value={typeof value === 'number' ? value / unit : ''}
        onInput={({ currentTarget }) => {
          const next = Number(currentTarget.value) * unit;
          if (currentTarget.value !== '' && Number.isFinite(next)) onSet(column.whole ? Math.round(next) : next);
        }}
      />
      {unit > 1 && <TimeUnit ms={value} />}
    </span>
  );
};

/**
 * A list of flat rows, changed row by row. Enter puts another row below, but where it takes one of the texts that a cell offers;
 * each has a button that takes it out, and what the server says of a row stands in it.
 */
export const Rows = ({
  field: { columns, path, least },
  id,
  value,
  onSet,
  problems,
}: {
  readonly field: PolicyField;
  readonly id: string;
  readonly value: readonly Draft[];
  readonly onSet: (value: unknown) => void;
  readonly problems: readonly PolicyProblem[];
}) => {
  const body = useRef<HTMLTableSectionElement>(null);
  const add = useRef<HTMLButtonElement>(null);
  const goTo = useRef<number | null>(null);
  // At once: what a render before left to be done later must not take it for its own
  useLayoutEffect(() => {
    if (goTo.current === null) return;
    const row = body.current?.rows[goTo.current];
    goTo.current = null;
    (row?.querySelector('input') ?? add.current)?.focus();
  });
  const put = (rows: readonly Draft[], focus?: number): void => {
    goTo.current = focus ?? null;
    onSet(rows);
  };
  const insert = (at: number): void =>
    put([...value.slice(0, at), between(columns, value[at - 1], value[at]), ...value.slice(at)], at);
  // Of ranges the last one stays the last
  const end = columns[0]!.kind === 'number' ? Math.min(value.length, Math.max(1, value.length - 1)) : value.length;
  const remove = (at: number): void =>
    put(
      value.filter((_, index) => index !== at),
      Math.min(at, value.length - 2),
    );
  const problemOf = (row: number, column: PolicyField) =>
    problems.find((one) => `${one.path}.`.startsWith(`${path}.${row}.${nameOf(column)}.`));
  const rest = problems.filter(
    (one) => !value.some((_, row) => columns.some((column) => problemOf(row, column) === one)),
  );
  return (
    <>
      <table class="policy-rows" data-many={columns.length > 2 || undefined} hidden={value.length === 0}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.path} scope="col">
                {headOf(column)}
              </th>
            ))}
            <th scope="col">
              <span class="hidden">Take out</span>
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {value.map((row, at) => (
            <tr key={at}>
              {columns.map((column) => {
                const problem = problemOf(at, column);
                const wrong = problem && `${id}-${at}-${nameOf(column)}-wrong`;
                return (
                  <td
                    key={column.path}
                    data-head={headOf(column)}
                    onKeyDown={(event) => {
                      if (event.key !== 'Enter' || event.isComposing || column.options.length > 0) return;
                      event.preventDefault();
                      insert(at + 1);
                    }}
                  >
                    <Cell
                      column={column}
                      label={`${headOf(column)}, row ${at + 1}`}
                      value={row[nameOf(column)]}
                      wrong={wrong}
                      offers={`${id}-${nameOf(column)}-offers`}
                      onSet={(next) =>
                        put(value.map((one, i) => (i === at ? { ...one, [nameOf(column)]: next } : one)))
                      }
                    />
                    {problem && (
                      <p id={wrong} class="form-failure">
                        {problem.message}
                      </p>
                    )}
                  </td>
                );
              })}
              <td>
                <button
                  type="button"
                  class="quiet row-remove"
                  aria-label={`Take out row ${at + 1}`}
                  disabled={value.length <= (least ?? 0)}
                  onClick={() => remove(at)}
                >
                  ×
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {columns
        .filter(({ options }) => options.length > 0)
        .map((column) => (
          <datalist key={column.path} id={`${id}-${nameOf(column)}-offers`}>
            {column.options.map((option) => (
              <option key={option} value={option} />
            ))}
          </datalist>
        ))}
      {rest.map(({ path: where, message }) => (
        <p key={where} class="form-failure">
          {message}
        </p>
      ))}
      <button type="button" class="row-add" ref={add} onClick={() => insert(end)}>
        Add a row
      </button>
    </>
  );
};
