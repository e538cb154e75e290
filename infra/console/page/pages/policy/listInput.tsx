import { useSignal } from '@preact/signals';
import { same } from './draft.ts';

const plain = /^[^\s",](?:[^",]*[^\s",])?$/;

/** A list of texts as one: joined by commas, and what could be misread in quotes. */
export const listText = (list: readonly string[]): string =>
  list.map((text) => (plain.test(text) ? text : JSON.stringify(text))).join(', ');

const unquoted = (part: string): string => {
  try {
    return part.startsWith('"') ? String(JSON.parse(part)) : part;
  } catch {
    return part;
  }
};

/** What {@link listText} wrote, or somebody did. */
export const listOf = (text: string): readonly string[] =>
  [...text.matchAll(/\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)/g)].flatMap(([, part]) =>
    part!.trim() === '' ? [] : [unquoted(part!.trim())],
  );

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
