import { useSignal } from '@preact/signals';
import { Modal } from '../../shell/modal.tsx';

const hour = 3_600_000;
const spans = [
  [hour, '1 hour'],
  [8 * hour, '8 hours'],
  [24 * hour, '1 day'],
  [7 * 24 * hour, '7 days'],
] as const;

/** Break the glass: nothing harsh is done to a credential for a while, and why. */
export const Exempt = ({
  name,
  onClose,
  onExempt,
}: {
  readonly name: string;
  readonly onClose: () => void;
  readonly onExempt: (forMs: number, reason: string) => void;
}) => {
  const forMs = useSignal<number>(hour);
  const reason = useSignal('');
  return (
    <Modal label={`Exempt ${name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.value.trim() !== '') onExempt(forMs.value, reason.value.trim());
        }}
      >
        <h2>Exempt {name}?</h2>
        <p>
          Its credential is neither shortened nor revoked until then, whatever it does. Decisions go on being recorded.
        </p>
        <label for="exempt-for">For</label>
        <select
          id="exempt-for"
          value={forMs.value}
          onChange={(event) => {
            forMs.value = Number(event.currentTarget.value);
          }}
        >
          {spans.map(([ms, word]) => (
            <option key={ms} value={ms}>
              {word}
            </option>
          ))}
        </select>
        <label for="exempt-why" class="field-label">
          Reason, kept in the record
        </label>
        <input
          id="exempt-why"
          required
          maxLength={500}
          autocomplete="off"
          value={reason.value}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
          }}
        />
        <div class="dialog-buttons">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Exempt
          </button>
        </div>
      </form>
    </Modal>
  );
};
