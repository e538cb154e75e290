import { get, post } from '../../api.ts';
import { ask } from '../../dialog.ts';
import { clock } from '../../format.ts';
import { useDesk, useRead } from '../../fresh.ts';
import { may } from '../../me.ts';
import { Empty, Failed, Loading, Page } from '../../shell/page.tsx';
import { say, sayFailed } from '../../shell/toast.tsx';
import { ago, clockMs, inFull } from '../../time.ts';

interface Asked {
  readonly approvalId: string;
  readonly state: 'waiting' | 'approved' | 'declined' | 'done' | 'failed' | 'unknown';
  readonly expired: boolean;
  readonly own: boolean;
  readonly kind: string;
  readonly subject: string;
  readonly reason: string;
  readonly askedByName: string;
  readonly askedAt: number;
  readonly expiresAt: number;
  readonly byName: string;
  readonly note: string;
  readonly at: number;
}

const titles: Readonly<Record<string, string>> = {
  leaveShadow: 'Leave shadow mode: decisions will be carried out in Vault',
};
const states: Readonly<Record<Asked['state'], string>> = {
  waiting: 'waits',
  approved: 'approved, being carried out',
  declined: 'declined',
  done: 'approved and done',
  failed: 'approved, but failed',
  unknown: 'unknown',
};

const titleOf = ({ kind, subject }: Asked): string =>
  titles[kind] ?? `${subject.charAt(0).toUpperCase()}${subject.slice(1)}`;

/** Requests that two people must agree on: another operator approves or declines. */
const Approvals = () => {
  // One that expires waits no longer, without a step
  const version = useDesk(({ approvals }) => approvals.version);
  const asked = useDesk(({ approvals }) => approvals.waiting);
  const {
    data: all,
    error,
    load,
  } = useRead(async () => (await get<{ approvals: Asked[] }>('/api/approvals')).approvals, [version, asked]);
  const decide = async (one: Asked, decision: 'approve' | 'decline'): Promise<void> => {
    const note = await ask(
      decision === 'approve'
        ? { title: 'Approve?', text: `${titleOf(one)}. It is done at once.`, confirm: 'Approve', grave: true }
        : { title: one.own ? 'Take the request back?' : 'Decline?', text: titleOf(one), confirm: 'Decline' },
    );
    if (note === null) return;
    try {
      await post(`/api/approvals/${decision}`, { approvalId: one.approvalId, note });
      say(decision === 'approve' ? 'Approved and done' : 'Declined: nothing was done');
    } catch (failed) {
      sayFailed(failed);
    }
    await load();
  };
  const waiting = all.value?.filter(({ state, expired }) => state === 'waiting' && !expired) ?? [];
  const past = all.value?.filter((one) => !waiting.includes(one)) ?? [];
  return (
    <Page title="Approvals" lead="What two people must agree on: one asks, another approves.">
      {error.value !== null && <Failed error={error.value} onRetry={() => void load()} />}
      {error.value === null && all.value === null && <Loading what="Reading requests" />}
      {all.value && waiting.length === 0 && (
        <Empty title="Nothing waits">What an operator asks for appears here, until it expires.</Empty>
      )}
      <ul class="cards">
        {waiting.map((one) => (
          <li key={one.approvalId} class="card">
            <h2>{titleOf(one)}</h2>
            <p class="card-said">{one.reason || 'No reason was given'}</p>
            <p class="card-about">
              Asked by {one.own ? 'you' : one.askedByName}, {ago(one.askedAt, clockMs.value)}
              {clockMs.value - one.askedAt < 5_000 ? '' : ' ago'}; expires in {clock(one.expiresAt - clockMs.value)}
            </p>
            {may('operator') && (
              <div class="card-actions">
                {one.own ? (
                  <p class="card-about">Another operator must approve it.</p>
                ) : (
                  <button type="button" class="primary" onClick={() => void decide(one, 'approve')}>
                    Approve
                  </button>
                )}
                <button type="button" onClick={() => void decide(one, 'decline')}>
                  {one.own ? 'Take back' : 'Decline'}
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {past.length > 0 && (
        <section class="past">
          <h2>Before</h2>
          <ul class="records">
            {past.map((one) => (
              <li key={one.approvalId}>
                <span class="record-main">
                  <strong>{titleOf(one)}</strong>
                  <span class="record-about">
                    asked by {one.askedByName}
                    {one.reason ? `: ${one.reason}` : ''}
                  </span>
                </span>
                <span class="record-state" data-state={one.expired ? 'expired' : one.state}>
                  {one.expired ? 'expired' : `${states[one.state]} by ${one.byName}`}
                  {one.note ? `: ${one.note}` : ''}
                </span>
                <time class="record-about" dateTime={new Date(one.at).toISOString()} title={inFull(one.at)}>
                  {ago(one.expired ? one.expiresAt : one.at, clockMs.value)}
                </time>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
};

export default Approvals;
