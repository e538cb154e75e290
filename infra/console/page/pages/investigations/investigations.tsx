import { useLocation } from 'preact-iso';
import type { InvestigationEntry } from '../../../view/investigation.ts';
import { investigationPath } from '../../../view/paths.ts';
import { Choice, Find } from '../../list/filters.tsx';
import { List, useList } from '../../list/list.tsx';
import { useQuery } from '../../list/query.ts';
import { desk } from '../../live.ts';
import { me } from '../../me.ts';
import { Empty, Page } from '../../shell/page.tsx';
import { ago, clockMs, inFull } from '../../time.ts';
import { findingWords } from './words.ts';

const rowRem = 4.25;
const defaults = { status: 'open', whose: '', q: '' };
const statuses = [
  ['open', 'Open'],
  ['closed', 'Closed'],
  ['all', 'All'],
] as const;
const owners = [
  ['', "Anybody's"],
  ['me', 'Mine'],
] as const;

const InvestigationRow = ({ entry }: { readonly entry: InvestigationEntry }) => {
  const { id, title, subject, status, assignee, finding, decisionIds, comments, changedAt } = entry;
  const counts = [
    decisionIds.length > 0 && `${decisionIds.length} ${decisionIds.length === 1 ? 'decision' : 'decisions'}`,
    comments > 0 && `${comments} ${comments === 1 ? 'comment' : 'comments'}`,
  ].filter(Boolean);
  return (
    <>
      <span class="row-main">
        <span class="row-title">
          <a class="row-name" href={investigationPath(id)} tabIndex={-1}>
            {title}
          </a>
          <span class="said">{status === 'closed' ? findingWords[finding] : assignee || 'nobody has it'}</span>
        </span>
        <span class="row-text">{[subject, ...counts].join(' · ')}</span>
      </span>
      <time class="row-time" dateTime={new Date(changedAt).toISOString()} title={inFull(changedAt)}>
        {ago(changedAt, clockMs.value)}
      </time>
    </>
  );
};

/** What is being looked into: each revocation opens one, and people open others. */
const Investigations = () => {
  const { route } = useLocation();
  const [filter, setFilter] = useQuery(defaults);
  const assignee = filter.whose === 'me' ? (me.value?.name ?? '') : '';
  const listed = useList<InvestigationEntry>(
    '/api/investigations',
    { status: filter.status, q: filter.q, assignee },
    {
      title: 'Investigations',
      one: 'investigation',
      opens: 'Open it',
      open: ({ id }) => route(investigationPath(id)),
      version: desk.value.investigations.version,
    },
  );
  const { total, answer } = listed.list;
  return (
    <Page title="Investigations" lead="Each revocation opens one; from the queue or a subject's page you open others.">
      <div class="filters">
        <Choice
          label="State"
          value={filter.status as (typeof statuses)[number][0]}
          options={statuses}
          onChoose={(status) => setFilter({ status })}
        />
        <Choice
          label="Whose"
          value={filter.whose as (typeof owners)[number][0]}
          options={owners}
          onChoose={(whose) => setFilter({ whose })}
        />
        <Find label="Find by title, subject or person" value={filter.q} onFind={(q) => setFilter({ q })} />
        <p class="counted" role="status">
          {answer.value
            ? `${total.value.toLocaleString()} ${total.value === 1 ? 'investigation' : 'investigations'}`
            : ''}
        </p>
      </div>
      <List
        of={listed}
        label="Investigations"
        rowRem={rowRem}
        row={(entry) => <InvestigationRow entry={entry} />}
        empty={
          <Empty title={filter.status === 'open' ? 'Nothing is open' : 'There is none like that'}>
            A credential that is revoked opens one here.
          </Empty>
        }
      />
    </Page>
  );
};

export default Investigations;
