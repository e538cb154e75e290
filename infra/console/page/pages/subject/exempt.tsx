import { useSignal } from '@preact/signals';
import { ForHowLong, usualSpanMs } from '../../shell/forHowLong.tsx';
import { Modal } from '../../shell/modal.tsx';

/** Nobody is spared for longer at once. */
const longestMs = 7 * 86_400_000;

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
  const forMs = useSignal<number>(usualSpanMs);
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
        <ForHowLong
          id="exempt-for"
          forMs={forMs.value}
          mostMs={longestMs}
          onChoose={(chosen) => {
            forMs.value = chosen;
          }}
        />
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
