import { useSignal } from '@preact/signals';
import type { PolicyField, PolicyProblem } from '../../../view/policy.ts';
import { type Draft, same } from './draft.ts';
import { Rows } from './rows.tsx';

interface ListProps<Value> {
  readonly field: PolicyField;
  readonly id: string;
  readonly value: Value;
  readonly onSet: (value: unknown) => void;
  readonly problems: readonly PolicyProblem[];
}

const nameColumn = (field: PolicyField): PolicyField => ({
  ...{ ...field, path: `${field.path}.name`, kind: 'text', about: '', columns: [], options: [] },
});

/** A list of texts, a row each. */
export const Texts = ({ field, value, onSet, problems, ...rest }: ListProps<readonly string[]>) => (
  <Rows
    {...rest}
    field={{ ...field, columns: [nameColumn(field)] }}
    value={value.map((name) => ({ name }))}
    onSet={(rows) => onSet((rows as readonly { readonly name: string }[]).map(({ name }) => name))}
    problems={problems.map((one) => ({ ...one, path: one.path.replace(/\.(\d+)$/, '.$1.name') }))}
  />
);

/** Names with what stands under them, in the order in which they are shown. */
export type Pairs = readonly (readonly [name: string, value: unknown])[];

/** What stands under names, as pairs of which two may bear the same name while one is being typed. */
export const usePairs = (
  value: Draft,
  onSet: (value: unknown) => void,
): readonly [pairs: Pairs, put: (pairs: Pairs) => void] => {
  const kept = useSignal<Pairs>(Object.entries(value));
  return [
    same(Object.fromEntries(kept.value), value) ? kept.value : Object.entries(value),
    (pairs) => {
      kept.value = pairs;
      onSet(Object.fromEntries(pairs));
    },
  ];
};

/** What is wrong with the name of a pair: another bears it too. */
export const twice = (pairs: Pairs, at: number): string | undefined =>
  pairs.some(([name], other) => other < at && name === pairs[at]![0])
    ? `There is another ${pairs[at]![0] || 'without a name'}: of the two, this one counts`
    : undefined;

/** Numbers by names that are chosen freely, a row each. */
export const Numbers = ({ field, value, onSet, problems, ...rest }: ListProps<Draft>) => {
  const [pairs, put] = usePairs(value, onSet);
  const number = { ...field.columns[0]!, path: `${field.path}.value` };
  const at = (path: string): string => {
    const row = pairs.findIndex(([name]) => path === `${field.path}.${name}`);
    return row < 0 ? path : `${field.path}.${row}.value`;
  };
  const own = pairs.flatMap((_, row) => {
    const message = twice(pairs, row);
    return message ? [{ path: `${field.path}.${row}.name`, message }] : [];
  });
  return (
    <Rows
      {...rest}
      field={{ ...field, columns: [nameColumn(field), number] }}
      value={pairs.map(([name, one]) => ({ name, value: one }))}
      onSet={(rows) =>
        put((rows as readonly { readonly name: string; readonly value: unknown }[]).map((row) => [row.name, row.value]))
      }
      problems={[...problems.map((one) => ({ ...one, path: at(one.path) })), ...own]}
    />
  );
};
