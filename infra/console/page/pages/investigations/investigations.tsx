import { useSignal } from '@preact/signals';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { InvestigationEntry } from '../../../view/investigation.ts';
import { investigationPath } from '../../../view/paths.ts';
import { Choice, Find } from '../../list/filters.tsx';
import { Paged } from '../../list/paged.ts';
import { useQuery } from '../../list/query.ts';
import { Virtual } from '../../list/virtual.tsx';
import { desk, snapshots } from '../../live.ts';
import { me } from '../../me.ts';
import { useKeys } from '../../shell/keys.ts';
import { Empty, Failed, Loading, Page } from '../../shell/page.tsx';
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

const InvestigationRow = ({ entry }: { readonly entry: InvestigationEntry | undefined }) => {
  if (!entry) return <span class="row-missing" />;
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
  const list = useMemo(
    () => new Paged<InvestigationEntry>('/api/investigations', { status: filter.status, q: filter.q, assignee }),
    [filter.status, filter.q, assignee],
  );
  const current = useSignal(0);
  const mover = useRef<(index: number) => void>(() => {});
  const { version } = desk.value.investigations;
  void list.version.value;
  useEffect(() => {
    current.value = 0;
    return () => list.close();
  }, [list]);
  useEffect(() => {
    if (list.answer.peek()) void list.refresh();
  }, [list, version, snapshots.value]);
  const see = useCallback((first: number, last: number) => list.see(first, last), [list]);
  const entry = list.at(current.value);
  const open = (one: InvestigationEntry | undefined): void => {
    if (one) route(investigationPath(one.id));
  };
  useKeys('Investigations', [
    { key: 'j', text: 'Next investigation', run: () => mover.current(current.value + 1) },
    { key: 'k', text: 'Investigation before', run: () => mover.current(current.value - 1) },
    { key: 'Enter', text: 'Open it', run: () => open(entry) },
  ]);
  const { error, total, answer } = list;
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
      {error.value && <Failed error={error.value} onRetry={() => void list.refresh()} />}
      {!error.value && !answer.value && <Loading what="Reading the investigations" />}
      {answer.value && total.value === 0 && (
        <Empty title={filter.status === 'open' ? 'Nothing is open' : 'There is none like that'}>
          A credential that is revoked opens one here.
        </Empty>
      )}
      <Virtual
        label="Investigations"
        total={total.value}
        rowRem={rowRem}
        current={current.value}
        onSee={see}
        onCurrent={(index) => {
          current.value = index;
        }}
        onPick={(index) => open(list.at(index))}
        mover={mover}
        row={(index) => <InvestigationRow entry={list.at(index)} />}
      />
    </Page>
  );
};

export default Investigations;
