import { useSignal } from '@preact/signals';
import { type Role, rights, roles } from '../../../people/roles.ts';
import { post } from '../../api.ts';
import { Modal } from '../../shell/modal.tsx';

const lives = [
  [7, 'a week'],
  [30, '30 days'],
  [90, '90 days'],
  [365, 'a year'],
] as const;

/** Makes a token, and shows it this once. */
export const MakeToken = ({ onClose }: { readonly onClose: () => void }) => {
  const name = useSignal('');
  const role = useSignal<Role>('viewer');
  const days = useSignal(30);
  const made = useSignal('');
  const copied = useSignal(false);
  const failure = useSignal('');
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    failure.value = '';
    try {
      const body = { name: name.value.trim(), role: role.value, days: days.value };
      made.value = (await post<{ token: string }>('/api/tokens', body)).token;
    } catch (error) {
      failure.value = (error as Error).message;
    }
  };
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(made.value);
    copied.value = true;
  };
  return (
    <Modal label="New API token" className="make-token" onClose={onClose}>
      <h2>{made.value ? 'Keep it now' : 'New API token'}</h2>
      {made.value ? (
        <>
          <p>It is not shown again: only its hash is kept. Send it as Authorization: Bearer.</p>
          <label for="made-token">Token</label>
          <input
            id="made-token"
            class="mono"
            readOnly
            value={made.value}
            onFocus={(event) => event.currentTarget.select()}
          />
          <div class="dialog-buttons">
            <button type="button" onClick={() => void copy()}>
              {copied.value ? 'Copied' : 'Copy'}
            </button>
            <button type="button" class="primary" onClick={onClose}>
              Done
            </button>
          </div>
        </>
      ) : (
        <form onSubmit={(event) => void make(event)}>
          <label for="token-name">What is it for?</label>
          <input
            id="token-name"
            required
            maxLength={100}
            autocomplete="off"
            value={name.value}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
          <label for="token-role">What may it do?</label>
          <select
            id="token-role"
            value={role.value}
            aria-describedby="token-may"
            onChange={(event) => {
              role.value = event.currentTarget.value as Role;
            }}
          >
            {roles.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
          <p id="token-may" class="token-may">
            {rights[role.value]}.
          </p>
          <label for="token-days">How long does it work?</label>
          <select
            id="token-days"
            value={String(days.value)}
            onChange={(event) => {
              days.value = Number(event.currentTarget.value);
            }}
          >
            {lives.map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
          {failure.value && (
            <p class="form-failure" role="alert">
              {failure.value}
            </p>
          )}
          <div class="dialog-buttons">
            <button type="button" class="quiet" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="primary">
              Make token
            </button>
          </div>
        </form>
      )}
    </Modal>
  );
};
