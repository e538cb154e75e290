import { useSignal } from '@preact/signals';
import { same } from './draft.ts';
import { listOf, listText } from './textList.ts';

/** A list of texts in one line. While it is typed it stays as it is typed. */
export const ListInput = ({
  value,
  onSet,
  ...attributes
}: {
  readonly value: unknown;
  readonly onSet: (list: readonly string[]) => void;
  readonly id?: string | undefined;
  readonly placeholder?: string | undefined;
  readonly 'aria-label'?: string | undefined;
  readonly 'aria-invalid'?: boolean | undefined;
  readonly 'aria-describedby'?: string | undefined;
}) => {
  const list = Array.isArray(value) ? (value as string[]) : [];
  const typed = useSignal(listText(list));
  return (
    <input
      type="text"
      {...attributes}
      value={same(listOf(typed.value), list) ? typed.value : listText(list)}
      autocomplete="off"
      spellcheck={false}
      onInput={({ currentTarget }) => {
        typed.value = currentTarget.value;
        onSet(listOf(currentTarget.value));
      }}
    />
  );
};
