import { useSignal } from '@preact/signals';
import type { Step } from '../../../view/investigation.ts';
import { Modal } from '../../shell/modal.tsx';
import { findings, findingWords } from './words.ts';

/** Close an investigation: what was found, and why. */
export const Close = ({
  onClose,
  onFinding,
}: {
  readonly onClose: () => void;
  readonly onFinding: (finding: Step['finding'], text: string) => void;
}) => {
  const finding = useSignal<(typeof findings)[number] | ''>('');
  const text = useSignal('');
  return (
    <Modal label="Close the investigation" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (finding.value !== '') onFinding(finding.value, text.value.trim());
        }}
      >
        <h2>What was found?</h2>
        <fieldset>
          <legend class="hidden">Finding</legend>
          {findings.map((one) => (
            <label key={one} class="check">
              <input
                type="radio"
                name="finding"
                value={one}
                required
                checked={finding.value === one}
                onChange={() => {
                  finding.value = one;
                }}
              />
              {findingWords[one]}
            </label>
          ))}
        </fieldset>
        <label for="finding-why">In words</label>
        <textarea
          id="finding-why"
          rows={3}
          maxLength={10_000}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
        <div class="dialog-buttons">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={finding.value === ''}>
            Close it
          </button>
        </div>
      </form>
    </Modal>
  );
};
