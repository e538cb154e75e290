import { h } from './dom.ts';

/** What a confirmation asks. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  /** Whether what is confirmed is drastic. */
  readonly grave?: boolean;
  /** Whether the reason may not be empty. */
  readonly needsReason?: boolean;
}

/**
 * Ask for a confirmation, with a reason.
 *
 * @returns the reason, which may be empty; null when it was called off
 */
export const ask = ({ title, text, confirm, grave, needsReason }: Question): Promise<string | null> =>
  new Promise((resolve) => {
    const reason = h('input', { type: 'text', id: 'reason', maxlength: 500, autocomplete: 'off' });
    const dialog = h('dialog', {
      class: 'dialog',
      'aria-labelledby': 'dialog-title',
      'aria-describedby': 'dialog-text',
    });
    const end = (answer: string | null): void => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const accept = (): void => {
      const text = reason.value.trim();
      reason.required = needsReason === true;
      if (text === '' && needsReason) reason.reportValidity();
      else end(text);
    };
    reason.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      // It would press the button that gets the focus back
      event.preventDefault();
      accept();
    });
    dialog.addEventListener('cancel', () => end(null));
    dialog.append(
      h('h2', { id: 'dialog-title' }, title),
      h('p', { id: 'dialog-text' }, text),
      h('label', { for: 'reason' }, 'Reason, kept in the record'),
      reason,
      h(
        'div',
        { class: 'dialog-buttons' },
        h('button', { type: 'button', class: 'quiet', onclick: () => end(null) }, 'Cancel'),
        h('button', { type: 'button', class: grave ? 'grave' : 'primary', onclick: accept }, confirm),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    reason.focus();
  });
