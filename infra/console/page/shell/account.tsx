import { useSignal } from '@preact/signals';
import { post } from '../api.ts';
import { useDesk } from '../fresh.ts';
import { connection } from '../live.ts';
import { may, me } from '../me.ts';
import { Modal } from './modal.tsx';
import { sayFailed } from './toast.tsx';

const entrances: Readonly<Record<string, string>> = {
  link: 'by the link that Ebbtide printed',
  oidc: 'at your organisation',
  proxy: 'by the proxy in front',
  token: 'by an API token',
};

const signOut = async (): Promise<void> => {
  try {
    const { to } = await post<{ to: string }>('/api/sign-out', {});
    location.assign(to);
  } catch (error) {
    sayFailed(error);
  }
};

/** Where to sign in again, and come back to this page. */
const signInAgain = (): string => `/auth/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`;

/** Who looks at the page: what they may do, what waits for them, and the way out. */
export const Account = () => {
  const open = useSignal(false);
  const waiting = useDesk(({ approvals }) => approvals.waiting);
  const person = me.value;
  if (!person) return null;
  if (connection.value === 'refused' && person.how === 'oidc')
    return (
      <a class="account-again" href={signInAgain()}>
        Sign in again
      </a>
    );
  const { name, role, how, may: words, canSignOut, approvals } = person;
  const close = (): void => {
    open.value = false;
  };
  return (
    <>
      <button
        type="button"
        class="account"
        aria-haspopup="dialog"
        data-letter={[...name][0]?.toUpperCase()}
        onClick={() => {
          open.value = true;
        }}
      >
        <span class="account-name">{name}</span>
        <span class="hidden">, {role}: your account</span>
        {waiting > 0 && (
          <span class="rail-count">
            {waiting}
            <span class="hidden"> to approve</span>
          </span>
        )}
      </button>
      {open.value && (
        <Modal label="Your account" className="account-menu" onClose={close}>
          <div class="detail-head">
            <h2>{name}</h2>
            <button type="button" class="quiet close" aria-label="Close" onClick={close}>
              ✕
            </button>
          </div>
          <p>
            <span class="role">{role}</span> let in {entrances[how] ?? how}. {words}.
          </p>
          <ul class="account-links">
            {approvals.on && (
              <li>
                <a href="/approvals" onClick={close}>
                  Approvals{waiting > 0 ? ` (${waiting} waiting)` : ''}
                </a>
              </li>
            )}
            {may('administrator') && (
              <li>
                <a href="/tokens" onClick={close}>
                  API tokens
                </a>
              </li>
            )}
          </ul>
          {canSignOut && (
            <div class="dialog-buttons">
              <button type="button" onClick={() => void signOut()}>
                Sign out
              </button>
            </div>
          )}
        </Modal>
      )}
    </>
  );
};
