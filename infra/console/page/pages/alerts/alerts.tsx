import { useSignal } from '@preact/signals';
import { useLocation } from 'preact-iso';
import type { AlertStanding } from '../../../../alerts/desk.ts';
import type { Silence } from '../../../../alerts/silences.ts';
import { subjectPath } from '../../../view/paths.ts';
import { post } from '../../api.ts';
import { ask } from '../../dialog.ts';
import { count, plain } from '../../format.ts';
import { Choice, Find, Select } from '../../list/filters.tsx';
import { List, type Listed, useChosen, useList } from '../../list/list.tsx';
import { useQuery } from '../../list/query.ts';
import { desk } from '../../live.ts';
import { may } from '../../me.ts';
import { Empty, Page } from '../../shell/page.tsx';
import { say, sayFailed } from '../../shell/toast.tsx';
import { ago, clockMs, inFull } from '../../time.ts';
import { SilenceForm, type SilenceWish, TestForm } from './forms.tsx';
import { AlertPanel } from './panel.tsx';
import { Silences } from './silences.tsx';
import { severityGlyphs, severityKinds, toldLine } from './words.ts';

interface AlertPage {
  readonly total: number;
  readonly offset: number;
  readonly entries: readonly AlertStanding[];
  readonly silences: readonly Silence[];
}

const rowRem = 4.25;
const defaults = { state: 'open', severity: '', q: '' };
const states = [
  ['open', 'Open'],
  ['acknowledged', 'Seen to'],
  ['resolved', 'Over'],
  ['all', 'All'],
] as const;
const severities = [
  ['', 'Any severity'],
  ['critical', 'Critical'],
  ['warning', 'Warning'],
  ['info', 'Info'],
] as const;

const AlertRow = ({ standing }: { readonly standing: AlertStanding }) => {
  const { alert, state } = standing;
  return (
    <>
      <span class="severity deed" data-kind={severityKinds[alert.severity]} title={alert.severity}>
        <span aria-hidden="true">{severityGlyphs[alert.severity]}</span>
        <span class="hidden">{alert.severity}</span>
      </span>
      <span class="row-main">
        <span class="row-title">
          <a class="row-name" href={subjectPath(alert.subject)} tabIndex={-1}>
            {alert.subject}
          </a>
          <span class="deed">{plain(alert.kind)}</span>
          {state === 'acknowledged' && <span class="said">seen to</span>}
          {state === 'resolved' && <span class="said">over</span>}
        </span>
        <span class="row-text">
          {alert.summary} · {toldLine(standing)}
        </span>
      </span>
      <time class="row-time" dateTime={new Date(alert.at).toISOString()} title={inFull(alert.at)}>
        {ago(alert.at, clockMs.value)}
      </time>
    </>
  );
};

/** Alerts: what nobody has seen to, who was told of it, and what is silent. */
const Alerts = () => {
  const { route } = useLocation();
  const [filter, setFilter] = useQuery(defaults);
  const silencing = useSignal<{ readonly subject: string; readonly kind: string } | null>(null);
  const testing = useSignal(false);
  const chosen = useChosen<AlertStanding>(({ alert }) => alert.alertId);
  const { version } = desk.value.alerts;
  const attempt = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    try {
      await work();
      say(done);
    } catch (error) {
      sayFailed(error);
    }
    await list.refresh();
  };
  const acknowledge = async ({ alert }: AlertStanding): Promise<void> => {
    const reason = await ask({
      title: `See to the alert about ${alert.subject}?`,
      text: `${alert.summary}. It is escalated no further, and everybody sees that you have it.`,
      confirm: 'Acknowledge',
    });
    if (reason === null) return;
    const body = { alertId: alert.alertId, reason };
    await attempt(() => post('/api/alerts/acknowledge', body), `${alert.subject}: you see to it`);
  };
  const silence = async (wish: SilenceWish): Promise<void> => {
    silencing.value = null;
    await attempt(() => post('/api/alerts/silence', wish), `Nobody is told of alerts of ${wish.subject} for a while`);
  };
  const unsilence = async ({ subject, by, reason: why }: Silence): Promise<void> => {
    const question = { title: `End the silence of ${subject}?`, text: `Set by ${by}: ${why}`, confirm: 'End it' };
    const reason = await ask(question);
    if (reason === null) return;
    await attempt(() => post('/api/alerts/unsilence', { subject, reason }), `Alerts of ${subject} are told again`);
  };
  const test = async (severity: string, subject: string): Promise<void> => {
    testing.value = false;
    await attempt(async () => {
      const { alert } = await post<Pick<AlertStanding, 'alert'>>('/api/alerts/test', { severity, subject });
      setFilter({ state: 'all', severity: '', q: alert.alertId });
    }, 'The test is on its way: below is who was told of it');
  };
  const atHand = (): AlertStanding | undefined => (chosen.id.peek() === null ? undefined : listed.entry);
  const acknowledgeAtHand = (): void => {
    const at = listed.entry;
    if (at?.state === 'open' && may('analyst')) void acknowledge(at);
  };
  const beginSilence = (): void => {
    const at = atHand();
    silencing.value = { subject: at?.alert.subject ?? '', kind: at?.alert.kind ?? '*' };
  };
  const listed: Listed<AlertStanding, AlertPage> = useList<AlertStanding, AlertPage>(
    '/api/alerts',
    filter,
    {
      title: 'Alerts',
      one: 'alert',
      opens: 'Open the subject',
      open: ({ alert }) => route(subjectPath(alert.subject)),
      version,
      keys: [
        {
          key: 'a',
          text: 'Acknowledge the alert',
          run: () => acknowledgeAtHand(),
        },
        { key: 's', text: 'Silence alerts', run: () => may('operator') && beginSilence() },
        {
          key: 'e',
          text: 'Send a test alert',
          run: () => {
            if (may('operator')) testing.value = true;
          },
        },
      ],
    },
    chosen,
  );
  const { list, entry } = listed;
  const { total, answer } = list;
  const silences = answer.value?.silences ?? [];
  return (
    <Page
      title="Alerts"
      lead="What people were told of, by which route, and what nobody has seen to yet."
      actions={
        may('operator') && (
          <>
            <button type="button" onClick={beginSilence}>
              Silence… <kbd>s</kbd>
            </button>
            <button
              type="button"
              onClick={() => {
                testing.value = true;
              }}
            >
              Send a test… <kbd>e</kbd>
            </button>
          </>
        )
      }
    >
      {silences.length > 0 && <Silences silences={silences} onEnd={(one) => void unsilence(one)} />}
      <div class="filters">
        <Choice label="State" value={filter.state} options={states} onChoose={(state) => setFilter({ state })} />
        <Find label="Find subject, kind or summary" value={filter.q} onFind={(q) => setFilter({ q })} />
        <Select
          label="Severity"
          value={filter.severity}
          options={severities}
          onChoose={(severity) => setFilter({ severity })}
        />
        <p class="counted" role="status">
          {answer.value ? count(total.value, 'alert') : ''}
        </p>
      </div>
      <List
        of={listed}
        label="Alerts"
        rowRem={rowRem}
        row={(standing) => <AlertRow standing={standing} />}
        empty={
          <Empty title={filter.state === 'open' ? 'Nothing is open' : 'There is none like that'}>
            {filter.state === 'open' && filter.q === '' && filter.severity === ''
              ? 'Every alert has been seen to, or is over.'
              : 'Other filters may let more through.'}
          </Empty>
        }
        beside={
          chosen.id.value !== null &&
          entry && (
            <AlertPanel
              standing={entry}
              onAcknowledge={() => void acknowledge(entry)}
              onSilence={beginSilence}
              onClose={() => chosen.choose(null)}
            />
          )
        }
      />
      {silencing.value && (
        <SilenceForm
          {...silencing.value}
          onClose={() => {
            silencing.value = null;
          }}
          onSilence={(wish) => void silence(wish)}
        />
      )}
      {testing.value && (
        <TestForm
          onClose={() => {
            testing.value = false;
          }}
          onTest={(severity, subject) => void test(severity, subject)}
        />
      )}
    </Page>
  );
};

export default Alerts;
