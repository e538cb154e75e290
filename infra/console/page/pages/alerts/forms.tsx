import { useSignal } from '@preact/signals';
import { ForHowLong, usualSpanMs } from '../../shell/forHowLong.tsx';
import { Modal } from '../../shell/modal.tsx';

/** What a silence is asked for. */
export interface SilenceWish {
  readonly subject: string;
  readonly kinds: string;
  readonly forMs: number;
  readonly reason: string;
}

/** Tell nobody of some alerts for a while, and why. */
export const SilenceForm = ({
  subject,
  kind,
  onClose,
  onSilence,
}: {
  readonly subject: string;
  readonly kind: string;
  readonly onClose: () => void;
  readonly onSilence: (wish: SilenceWish) => void;
}) => {
  const wish = useSignal<SilenceWish>({ subject, kinds: kind, forMs: usualSpanMs, reason: '' });
  const set = (changed: Partial<SilenceWish>): void => {
    wish.value = { ...wish.value, ...changed };
  };
  const field = (name: 'subject' | 'kinds' | 'reason', label: string, most: number) => (
    <>
      <label for={`silence-${name}`} class="field-label">
        {label}
      </label>
      <input
        id={`silence-${name}`}
        required
        maxLength={most}
        autocomplete="off"
        value={wish.value[name]}
        onInput={({ currentTarget }) => set({ [name]: currentTarget.value })}
      />
    </>
  );
  return (
    <Modal label="Silence alerts" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const { subject: of, kinds, reason } = wish.value;
          if (reason.trim() !== '') onSilence({ ...wish.value, subject: of.trim(), kinds: kinds.trim() });
        }}
      >
        <h2>Silence alerts?</h2>
        <p>Alerts go on being recorded and shown here; nobody is told of them until then. * stands for anything.</p>
        {field('subject', 'Subject', 1_024)}
        {field('kinds', 'Kinds of alerts', 128)}
        <ForHowLong id="silence-for" forMs={wish.value.forMs} onChoose={(forMs) => set({ forMs })} />
        {field('reason', 'Reason, kept in the record', 500)}
        <div class="dialog-buttons">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Silence
          </button>
        </div>
      </form>
    </Modal>
  );
};

const severities = ['critical', 'warning', 'info'] as const;

/** Raise an alert by which the routes are tried out. */
export const TestForm = ({
  onClose,
  onTest,
}: {
  readonly onClose: () => void;
  readonly onTest: (severity: string, subject: string) => void;
}) => {
  const severity = useSignal<string>('critical');
  const subject = useSignal('ebbtide');
  return (
    <Modal label="Test the routes" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (subject.value.trim() !== '') onTest(severity.value, subject.value.trim());
        }}
      >
        <h2>Test the routes?</h2>
        <p>
          An alert that says that nothing is wrong takes the routes of its severity and subject. Whoever is on call
          hears of it.
        </p>
        <label for="test-severity">Severity</label>
        <select
          id="test-severity"
          value={severity.value}
          onChange={({ currentTarget }) => {
            severity.value = currentTarget.value;
          }}
        >
          {severities.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <label for="test-subject" class="field-label">
          Subject
        </label>
        <input
          id="test-subject"
          required
          maxLength={1_024}
          autocomplete="off"
          value={subject.value}
          onInput={({ currentTarget }) => {
            subject.value = currentTarget.value;
          }}
        />
        <div class="dialog-buttons">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Send a test
          </button>
        </div>
      </form>
    </Modal>
  );
};
