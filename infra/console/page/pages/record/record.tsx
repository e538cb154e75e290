import { useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { ActionEntry, ActionPage } from '../../../view/action.ts';
import { longestId, subjectPath } from '../../../view/paths.ts';
import { count, plain } from '../../format.ts';
import { Find, Select } from '../../list/filters.tsx';
import { List, useChosen, useList } from '../../list/list.tsx';
import { useQuery } from '../../list/query.ts';
import { desk, snapshots } from '../../live.ts';
import { may, me } from '../../me.ts';
import { Empty, Page } from '../../shell/page.tsx';
import { ago, clockMs, inFull } from '../../time.ts';
import { actions, everything, outcomes, outcomeWords, spans } from './words.ts';

const rowRem = 4.25;
const defaults = { who: '', action: '', outcome: '', q: '', span: '' };

const Subject = ({ id, tabIndex }: { readonly id: string; readonly tabIndex?: number }) =>
  id === everything ? (
    <span>everything</span>
  ) : id.length > longestId ? (
    <span>{id.slice(0, 120)}…</span>
  ) : (
    <a href={subjectPath(id)} tabIndex={tabIndex}>
      {id}
    </a>
  );

const ActionRow = ({ entry }: { readonly entry: ActionEntry }) => (
  <>
    <span class="row-main">
      <span class="row-title">
        <span class="row-name">{entry.name}</span>
        <span class="row-deed">
          {plain(entry.action)}: <Subject id={entry.subject} tabIndex={-1} />
        </span>
      </span>
      <span class="row-text">
        {[entry.reason, entry.result].filter(Boolean).join(' · ') ||
          `${entry.role}, by ${entry.entrance} from ${entry.address}`}
      </span>
    </span>
    <span class="record-state" data-state={entry.outcome}>
      {outcomeWords[entry.outcome]}
    </span>
    <time class="row-time" dateTime={new Date(entry.at).toISOString()} title={inFull(entry.at)}>
      {ago(entry.at, clockMs.value)}
    </time>
  </>
);

const detailsOf = ({ details }: ActionEntry): string => {
  try {
    return JSON.stringify(JSON.parse(details), null, 2);
  } catch {
    return details;
  }
};

const ActionPanel = ({ entry, onClose }: { readonly entry: ActionEntry; readonly onClose: () => void }) => {
  const details = detailsOf(entry);
  const facts: readonly (readonly [string, string])[] = [
    ['When', inFull(entry.at)],
    ['Took', entry.endedAt > entry.at ? `${((entry.endedAt - entry.at) / 1_000).toFixed(1)} s` : '–'],
    ['Who', `${entry.name} (${entry.personId})`],
    ['As', `${entry.role}, by ${entry.entrance}`],
    ['From', entry.address],
    ['Why', entry.reason || 'no reason given'],
    ['Came of it', entry.result || outcomeWords[entry.outcome]],
    ['Number', entry.actionId],
  ];
  return (
    <aside class="panel" aria-label={`Action: ${plain(entry.action)}`}>
      <div class="detail-head">
        <h2>{plain(entry.action).replace(/^./, (first) => first.toUpperCase())}</h2>
        <button type="button" class="quiet close" aria-label="Close the action" onClick={onClose}>
          ✕
        </button>
      </div>
      <p class="panel-deed">
        <span class="record-state" data-state={entry.outcome}>
          {outcomeWords[entry.outcome]}
        </span>
        , <Subject id={entry.subject} />
      </p>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {details !== '{}' && (
        <section aria-label="Details">
          <h3>Details</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
          <pre class="details-json" tabIndex={0}>
            {details}
          </pre>
        </section>
      )}
      <div class="panel-buttons">
        <a class="button" href={`/record?who=${encodeURIComponent(entry.personId)}`}>
          All by {entry.name}
        </a>
        <a class="button" href={`/record?q=${encodeURIComponent(entry.subject.slice(0, 256))}`}>
          All about it
        </a>
      </div>
    </aside>
  );
};

const Allowed = () => {
  const { route } = useLocation();
  const [{ span, ...filter }, setFilter] = useQuery(defaults);
  // The range ends with the present; it begins where it did when it was chosen, so that pages fit together
  const from = useMemo(
    () => (span === '' ? 0 : Math.max(0, clockMs.peek() - Number(span) * 3_600_000)),
    [span, snapshots.value],
  );
  const chosen = useChosen<ActionEntry>(({ actionId }) => actionId);
  const listed = useList<ActionEntry, ActionPage>(
    '/api/actions',
    { ...filter, from },
    {
      title: 'Record',
      one: 'action',
      opens: 'Open what it was done to',
      open: ({ subject }) => {
        if (subject !== everything && subject.length <= longestId) route(subjectPath(subject));
      },
      version: desk.value.record.version,
      keys: [{ key: 'f', text: 'Find', run: () => document.querySelector<HTMLInputElement>('.find')?.focus() }],
    },
    chosen,
  );
  const { total, answer } = listed.list;
  const { entry } = listed;
  const exported = (format: 'csv' | 'json'): string =>
    `/api/actions/export?${new URLSearchParams({ ...filter, from: String(from), format })}`;
  const unfiltered = span === '' && Object.values(filter).every((value) => value === '');
  return (
    <Page
      title="Record"
      lead="What people and machines did here, why, and what came of it. It is written before anything is done."
      actions={
        <>
          <a class="button" href={exported('csv')} download="ebbtide-actions.csv">
            Export as CSV
          </a>
          <a class="button" href={exported('json')} download="ebbtide-actions.json">
            JSON
          </a>
        </>
      }
    >
      <div class="filters">
        <Find label="Find subject, reason or result" value={filter.q} onFind={(q) => setFilter({ q })} />
        <Find label="Who" value={filter.who} onFind={(who) => setFilter({ who })} />
        <Select
          label="What was done"
          value={filter.action}
          options={actions}
          onChoose={(action) => setFilter({ action })}
        />
        <Select
          label="Outcome"
          value={filter.outcome}
          options={outcomes}
          onChoose={(outcome) => setFilter({ outcome })}
        />
        <Select label="When" value={span} options={spans} onChoose={(next) => setFilter({ span: next })} />
        <p class="counted" role="status">
          {answer.value ? count(total.value, 'action') : ''}
        </p>
      </div>
      {answer.value?.archived === false && (
        <p class="field-about list-note">Without the archive, only what was done of late is shown and exported.</p>
      )}
      <List
        of={listed}
        label="Record"
        rowRem={rowRem}
        row={(one) => <ActionRow entry={one} />}
        empty={
          <Empty title={unfiltered ? 'Nobody has done anything' : 'There is nothing like that'}>
            {unfiltered ? 'Whatever people do appears here as they do it.' : 'Other filters may let more through.'}
          </Empty>
        }
        beside={chosen.id.value !== null && entry && <ActionPanel entry={entry} onClose={() => chosen.choose(null)} />}
      />
    </Page>
  );
};

/** The record of what people did: for operators and administrators. */
const Record = () =>
  me.value === null || may('operator') ? (
    <Allowed />
  ) : (
    <Page title="Record">
      <Empty title="This needs an operator">Operators and administrators see what people did.</Empty>
    </Page>
  );

export default Record;
