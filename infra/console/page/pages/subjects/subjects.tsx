import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { SubjectEntry, SubjectPage } from '../../../view/desk.ts';
import { longestId, subjectPath } from '../../../view/paths.ts';
import { clock, plain, score } from '../../format.ts';
import { useVersion } from '../../fresh.ts';
import { Choice, Find, Select } from '../../list/filters.tsx';
import { List, useList } from '../../list/list.tsx';
import { useQuery } from '../../list/query.ts';
import { control } from '../../live.ts';
import { Empty, Page } from '../../shell/page.tsx';
import { ago, clockMs } from '../../time.ts';

const rowRem = 3.25;
const defaults = { q: '', status: 'all', sort: 'recent' };
const statuses = [
  ['all', 'All'],
  ['alive', 'Alive'],
  ['ended', 'Ended'],
  ['unregistered', 'No credential'],
] as const;
const sorts = [
  ['recent', 'Last heard of first'],
  ['score', 'Highest score first'],
  ['expiry', 'Least life first'],
  ['name', 'By name'],
] as const;
const deeds: Partial<Record<NonNullable<SubjectEntry['lastAction']>, string>> = {
  extend: 'extended',
  shorten: 'shortened',
  revoke: 'revoked',
  restore: 'restored',
  narrow: 'narrowed',
  widen: 'widened',
  prepare: 'prepared',
};

const lifeOf = ({ status, expiresAt }: SubjectEntry, now: number): string =>
  status === 'alive' && expiresAt !== null ? `${clock(expiresAt - now)} left` : status === 'ended' ? 'ended' : '–';

const SubjectRow = ({ entry }: { readonly entry: SubjectEntry }) => {
  const { moderate, high } = control.value.thresholds;
  const band =
    entry.score === null ? undefined : entry.score >= high ? 'high' : entry.score >= moderate ? 'moderate' : 'low';
  const about = [entry.instance || (entry.name === entry.id ? '' : entry.id), entry.role].filter(Boolean).join(' · ');
  return (
    <>
      <span class="life-dot" data-status={entry.status} />
      <span class="row-main">
        <span class="row-title">
          {entry.id.length > longestId ? (
            <span class="row-name">{entry.name.slice(0, 120)}…</span>
          ) : (
            <a class="row-name" href={subjectPath(entry.id)} tabIndex={-1}>
              {entry.name}
            </a>
          )}
          {entry.lastAction && (
            <span class="deed" data-kind={entry.lastAction}>
              {deeds[entry.lastAction] ?? plain(entry.lastAction)}
            </span>
          )}
        </span>
        <span class="row-text">{about}</span>
      </span>
      <span class="row-score" data-band={band}>
        {entry.score === null ? '–' : score(entry.score)}
      </span>
      <span class="row-life">{lifeOf(entry, clockMs.value)}</span>
      <span class="row-time">{ago(entry.activeAt, clockMs.value)}</span>
    </>
  );
};

/** Every subject that the console has heard of: searched and paged by the server. */
const Subjects = () => {
  const { route } = useLocation();
  const [filter, setFilter] = useQuery(defaults);
  const listed = useList<SubjectEntry, SubjectPage>('/api/subjects', filter, {
    title: 'Subjects',
    one: 'subject',
    opens: 'Open the subject',
    open: ({ id }) => {
      if (id.length <= longestId) route(subjectPath(id));
    },
    version: useVersion('subjects'),
    // An order by what changes is renewed, but not under the reader's hand
    busy: () => document.querySelector('.virtual:is(:hover, :focus-within)') !== null,
    keys: [{ key: 'f', text: 'Find', run: () => document.querySelector<HTMLInputElement>('.find')?.focus() }],
  });
  const { list, settle } = listed;
  const { total, answer } = list;
  useEffect(() => {
    // What came while rows were at hand is shown once they are not
    const left = (): void => void requestAnimationFrame(settle);
    for (const kind of ['pointerout', 'focusout'] as const) document.addEventListener(kind, left, { passive: true });
    return () => {
      for (const kind of ['pointerout', 'focusout'] as const) document.removeEventListener(kind, left);
    };
  }, [settle]);
  return (
    <Page title="Subjects" lead="Whoever holds a credential, or is scored or decided about.">
      <div class="filters">
        <Find
          label="Find by name, instance, event, role or identifier"
          value={filter.q}
          onFind={(q) => setFilter({ q })}
        />
        <Choice
          label="State"
          value={filter.status as (typeof statuses)[number][0]}
          options={statuses}
          onChoose={(status) => setFilter({ status })}
        />
        <Select
          label="Order"
          value={filter.sort as (typeof sorts)[number][0]}
          options={sorts}
          onChoose={(sort) => setFilter({ sort })}
        />
        <p class="counted" role="status">
          {answer.value &&
            (total.value === answer.value.known
              ? `${total.value.toLocaleString()} subjects`
              : `${total.value.toLocaleString()} of ${answer.value.known.toLocaleString()} subjects`)}
        </p>
      </div>
      <List
        of={listed}
        label="Subjects"
        rowRem={rowRem}
        row={(entry) => <SubjectRow entry={entry} />}
        empty={
          <Empty title={answer.value?.known === 0 ? 'Slack water' : 'Nobody is called that'}>
            {answer.value?.known === 0
              ? 'No credential has been issued yet, and nobody was scored.'
              : 'Words must all be in the name, instance, event, role or identifier.'}
          </Empty>
        }
      />
    </Page>
  );
};

export default Subjects;
