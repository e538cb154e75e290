import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get, post } from '../../api.ts';
import { ask } from '../../dialog.ts';
import { may } from '../../me.ts';
import { say, sayFailed } from '../../shell/toast.tsx';
import { when } from '../../time.ts';
import { Exempt } from './exempt.tsx';

interface Standing {
  readonly registered: boolean;
  readonly ended: boolean;
  readonly exemption?: {
    readonly until: number | null;
    readonly by: string;
    readonly reason: string;
    readonly own: boolean;
  };
  readonly scope: { readonly scope: string } | null;
  readonly ofEntity: number;
}
interface Done {
  readonly outcomes?: readonly { readonly what: string; readonly outcome: string; readonly detail: string }[];
  readonly approval?: { readonly approvalId: string };
}

const toldOf = ({ outcomes, approval }: Done): string =>
  approval
    ? 'It waits until another person has approved it.'
    : (outcomes ?? []).map(({ what, outcome, detail }) => `${what}: ${outcome}. ${detail}`).join(' ');

/** What can be done to a credential, by whoever may: revoke, restore, exempt, and all of its entity. */
export const Actions = ({
  id,
  name,
  version,
}: {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}) => {
  const standing = useSignal<Standing | null>(null);
  const exempting = useSignal(false);
  const load = (): void => {
    get<Standing>('/api/credentials/standing', { credentialId: id }).then(
      (answer) => {
        standing.value = answer;
      },
      () => {},
    );
  };
  useEffect(load, [id, version]);
  if (!may('operator') || standing.value === null) return null;
  const { registered, ended, exemption, scope, ofEntity } = standing.value;
  const attempt = async (path: string, body: object): Promise<void> => {
    try {
      say(toldOf(await post<Done>(path, body)) || 'Done.');
    } catch (error) {
      sayFailed(error);
    }
    load();
  };
  const confirm = async (path: string, question: Parameters<typeof ask>[0], body: object = {}): Promise<void> => {
    const reason = await ask({ ...question, needsReason: true });
    if (reason !== null) await attempt(path, { credentialId: id, reason, ...body });
  };
  const isAlive = registered && !ended;
  return (
    <>
      {isAlive && (
        <button
          type="button"
          class="kill"
          onClick={() =>
            void confirm('/api/credentials/revoke', {
              title: `Revoke the credential of ${name}?`,
              text: 'Vault ends it at once. Whoever holds it needs a new one; this cannot be undone.',
              confirm: 'Revoke now',
              grave: true,
            })
          }
        >
          Revoke
        </button>
      )}
      {(isAlive || scope) && (
        <button
          type="button"
          onClick={() =>
            void confirm('/api/credentials/restore', {
              title: `Restore ${name}?`,
              text: 'It gets back the life that it was issued with, and what narrows its scope is lifted.',
              confirm: 'Restore',
            })
          }
        >
          Restore
        </button>
      )}
      {exemption?.own ? (
        <button
          type="button"
          onClick={() =>
            void (async () => {
              const reason = await ask({
                title: 'End the exemption?',
                text: `${exemption.by} exempted it: ${exemption.reason}`,
                confirm: 'End it',
              });
              if (reason !== null) await attempt('/api/credentials/exempt', { credentialId: id, end: true, reason });
            })()
          }
        >
          End exemption{exemption.until === null ? '' : ` (until ${when(exemption.until)})`}
        </button>
      ) : (
        <button
          type="button"
          onClick={() => {
            exempting.value = true;
          }}
        >
          Exempt…
        </button>
      )}
      {ofEntity > 1 && (
        <button
          type="button"
          class="kill"
          onClick={() =>
            void confirm(
              '/api/credentials/entity',
              {
                title: `Revoke all ${ofEntity} credentials of its entity?`,
                text: 'Vault ends each of them at once; this cannot be undone.',
                confirm: 'Revoke all',
                grave: true,
              },
              { action: 'revoke' },
            )
          }
        >
          Revoke entity ({ofEntity})
        </button>
      )}
      {exempting.value && (
        <Exempt
          name={name}
          onClose={() => {
            exempting.value = false;
          }}
          onExempt={(forMs, reason) => {
            exempting.value = false;
            void attempt('/api/credentials/exempt', { credentialId: id, forMs, reason });
          }}
        />
      )}
    </>
  );
};
