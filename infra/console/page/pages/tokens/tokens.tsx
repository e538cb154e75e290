import { useSignal } from '@preact/signals';
import { get, post } from '../../api.ts';
import { ask } from '../../dialog.ts';
import { useRead, useVersion } from '../../fresh.ts';
import { may, me } from '../../me.ts';
import { Empty, Failed, Loading, Page } from '../../shell/page.tsx';
import { say, sayFailed } from '../../shell/toast.tsx';
import { ago, clockMs, inFull } from '../../time.ts';
import { MakeToken } from './make.tsx';

interface Token {
  readonly tokenId: string;
  readonly name: string;
  readonly role: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly usedAt: number | null;
}

const stateOf = ({ revokedAt, expiresAt }: Token, now: number): 'works' | 'revoked' | 'expired' =>
  revokedAt !== null ? 'revoked' : expiresAt <= now ? 'expired' : 'works';

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** Tokens by which machines use the console's API. */
const Tokens = () => {
  const making = useSignal(false);
  const allowed = me.value === null || may('administrator');
  const {
    data: all,
    error,
    load,
  } = useRead(
    async () => (allowed ? (await get<{ tokens: Token[] }>('/api/tokens')).tokens : null),
    [allowed, useVersion('tokens')],
  );
  const revoke = async ({ tokenId, name }: Token): Promise<void> => {
    const question = { title: `Revoke ${name}?`, text: 'Whatever uses it is refused from now on.', confirm: 'Revoke' };
    if ((await ask({ ...question, grave: true })) === null) return;
    try {
      await post('/api/tokens/revoke', { tokenId });
      say(`${name} works no longer`);
    } catch (failed) {
      sayFailed(failed);
    }
    await load();
  };
  if (!allowed)
    return (
      <Page title="API tokens">
        <Empty title="This needs an administrator">Ask one for the role, or for a token.</Empty>
      </Page>
    );
  return (
    <Page
      title="API tokens"
      lead="By which machines use the console's API, each with a role of its own."
      actions={
        <button
          type="button"
          class="primary"
          onClick={() => {
            making.value = true;
          }}
        >
          New token
        </button>
      }
    >
      {error.value !== null && <Failed error={error.value} onRetry={() => void load()} />}
      {error.value === null && all.value === null && <Loading what="Reading tokens" />}
      {all.value?.length === 0 && <Empty title="There are no tokens">Make one for each machine that needs it.</Empty>}
      <ul class="records">
        {all.value?.map((token) => {
          const state = stateOf(token, clockMs.value);
          return (
            <li key={token.tokenId}>
              <span class="record-main">
                <span>
                  <strong>{token.name}</strong> <span class="role">{token.role}</span>
                </span>
                <span class="record-about">
                  <span class="mono">{token.tokenId}</span>, made {day.format(token.createdAt)} by {token.createdBy}
                  {token.usedAt === null ? '' : `; used ${ago(token.usedAt, clockMs.value)} ago`}
                </span>
              </span>
              <span
                class="record-state"
                data-state={state}
                title={inFull(state === 'revoked' ? token.revokedAt! : token.expiresAt)}
              >
                {state === 'works' ? `until ${day.format(token.expiresAt)}` : state}
              </span>
              {state === 'works' && (
                <button
                  type="button"
                  class="kill"
                  aria-label={`Revoke ${token.name}`}
                  onClick={() => void revoke(token)}
                >
                  Revoke
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {making.value && (
        <MakeToken
          onClose={() => {
            making.value = false;
            void load();
          }}
        />
      )}
    </Page>
  );
};

export default Tokens;
