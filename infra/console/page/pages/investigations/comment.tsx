import { useSignal } from '@preact/signals';
import { longestComment } from '../../../view/investigation.ts';

const draftKey = (id: string): string => `ebbtide.draft.${id}`;

/** A field for a comment: plain text. What is typed stays, through conflicts and reloads, until it was sent. */
export const Comment = ({
  id,
  onComment,
}: {
  readonly id: string;
  /** @returns whether it was taken */
  readonly onComment: (text: string) => Promise<boolean>;
}) => {
  const text = useSignal(sessionStorage.getItem(draftKey(id)) ?? '');
  const sending = useSignal(false);
  const write = (next: string): void => {
    text.value = next;
    if (next === '') sessionStorage.removeItem(draftKey(id));
    else sessionStorage.setItem(draftKey(id), next);
  };
  const send = async (): Promise<void> => {
    const words = text.value.trim();
    if (words === '' || sending.value) return;
    sending.value = true;
    if (await onComment(words)) write('');
    sending.value = false;
  };
  return (
    <form
      class="comment"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label for="comment">Comment</label>
      <textarea
        id="comment"
        rows={3}
        maxLength={longestComment}
        value={text.value}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send();
        }}
      />
      <button type="submit" disabled={text.value.trim() === '' || sending.value}>
        Comment <kbd>Ctrl</kbd> <kbd>Enter</kbd>
      </button>
    </form>
  );
};
