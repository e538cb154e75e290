import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { QueueEntry, QueuePage } from '../../../view/desk.ts';
import { subjectPath } from '../../../view/paths.ts';
import { judge, verdicts, verdictWords } from '../../label.ts';
import { Choice, Find, Select } from '../../list/filters.tsx';
import { List, useChosen, useList } from '../../list/list.tsx';
import { useQuery } from '../../list/query.ts';
import { desk } from '../../live.ts';
import { may } from '../../me.ts';
import { Empty, Page } from '../../shell/page.tsx';
import { say, sayFailed } from '../../shell/toast.tsx';
import { EntryPanel } from './panel.tsx';
import { EntryRow } from './row.tsx';

const rowRem = 4.25;
const defaults = { state: 'waiting', q: '', action: '', pipeline: '', mode: '', outcome: '', least: '' };
const states = [
  ['waiting', 'Waiting'],
  ['labelled', 'Judged'],
  ['all', 'All'],
] as const;
const actions = [
  ['', 'Everything'],
  ['revoke', 'Revocations'],
  ['shorten', 'Shortenings'],
  ['narrow', 'Narrowed scopes'],
  ['alert', 'Alerts'],
] as const;
const pipelines = [
  ['', 'Every system'],
  ['lifecycle', 'Lifecycle'],
  ['scope', 'Scope'],
  ['preprovision', 'Pre-provisioning'],
  ['keylife', 'Key lifespan'],
  ['signals', 'Signals'],
] as const;
const outcomes = [
  ['', 'Any outcome'],
  ['enforced', 'Carried out'],
  ['skipped', 'Not carried out'],
  ['impossible', 'Impossible'],
] as const;
const severities = [
  ['', 'Any severity'],
  ['0.3', 'Severity 0.3 and up'],
  ['0.6', 'Severity 0.6 and up'],
  ['0.9', 'Severity 0.9 and up'],
] as const;

/** An entry and what was judged with it: what folds into its row later is not taken back. */
interface Undoable {
  readonly entry: QueueEntry;
  readonly ids: readonly string[];
}

/** Decisions and alerts that wait for somebody to judge them, the greatest stake first. */
const Queue = () => {
  const { route } = useLocation();
  const [filter, setFilter] = useQuery(defaults);
  const note = useSignal('');
  const chosen = useChosen<QueueEntry>(
    ({ id }) => id,
    () => {
      note.value = '';
    },
  );
  const { version } = desk.value.queue;
  /** What `u` takes back, once the server has said what that is: a judgement counts as the last when it is made. */
  const last = useRef<Promise<Undoable | null>>(Promise.resolve(null));
  const listed = useList<QueueEntry, QueuePage>(
    '/api/queue',
    filter,
    {
      title: 'Queue',
      one: 'entry',
      opens: 'Open the subject',
      open: ({ subject }) => route(subjectPath(subject)),
      version,
      // Rows do not move under the hand of whoever is at work on one: then the page only tells that there is more
      busy: () => chosen.id.peek() !== null || scrollY > 200,
      keys: [
        ...verdicts.flatMap((verdict) =>
          verdictWords[verdict].keys.map((one) => ({
            key: one,
            text: verdictWords[verdict].word,
            run: () => void label(verdict),
          })),
        ),
        { key: 'n', text: 'Write a note', run: () => document.getElementById('note')?.focus() },
        {
          key: 'u',
          text: 'Take the last judgement back',
          run: () => void last.current.then((made) => made && undo(made)),
        },
        { key: 'r', text: 'Read the queue anew', run: () => void list.refresh() },
      ],
    },
    chosen,
  );
  const { list, current, entry } = listed;
  const undo = async ({ entry: judged, ids }: Undoable): Promise<void> => {
    try {
      await judge({ ...judged, ids }, 'withdrawn');
      say(`Taken back: ${judged.name} waits again`);
      setTimeout(() => void list.refresh(), 400);
    } catch (error) {
      sayFailed(error);
    }
  };
  const label = async (verdict: (typeof verdicts)[number]): Promise<void> => {
    if (!entry || !may('analyst')) return;
    const words = note.value.trim();
    note.value = '';
    // Before the answer, so that the next entry is there for the next key
    if (filter.state === 'waiting') list.patch((one) => (one.id === entry.id ? null : one));
    chosen.choose(list.at(current.value) ?? null);
    const judging = judge({ ...entry, ids: entry.episode.ids }, verdict, words);
    const before = last.current;
    last.current = judging.then(
      ({ ids }) => ({ entry, ids }),
      () => before,
    );
    try {
      const { others, ids } = await judging;
      const made = { entry, ids };
      say(`${entry.name}: ${verdictWords[verdict].word.toLowerCase()}. ${verdictWords[verdict].changes}.${others}`, {
        word: 'Undo',
        key: 'u',
        run: () => void undo(made),
      });
      setTimeout(() => void list.refresh(), 400);
    } catch (error) {
      sayFailed(error);
      void list.refresh();
    }
  };
  const { total, answer } = list;
  const changed = version !== (answer.value?.version ?? version);
  return (
    <Page
      title="Queue"
      lead="Decisions that took something away, and alerts: by severity × reach × age, what nobody has judged first."
      actions={
        changed && (
          <button type="button" onClick={() => void list.refresh()}>
            Something changed: read anew <kbd>r</kbd>
          </button>
        )
      }
    >
      <div class="filters">
        <Choice label="State" value={filter.state} options={states} onChoose={(state) => setFilter({ state })} />
        <Find label="Find subject or reason" value={filter.q} onFind={(q) => setFilter({ q })} />
        <Select
          label="What happened"
          value={filter.action}
          options={actions}
          onChoose={(action) => setFilter({ action })}
        />
        <Select
          label="System"
          value={filter.pipeline}
          options={pipelines}
          onChoose={(pipeline) => setFilter({ pipeline })}
        />
        <Select
          label="Outcome"
          value={filter.outcome}
          options={outcomes}
          onChoose={(outcome) => setFilter({ outcome })}
        />
        <Select label="Severity" value={filter.least} options={severities} onChoose={(least) => setFilter({ least })} />
        <p class="counted" role="status">
          {answer.value ? `${total.value.toLocaleString()} ${total.value === 1 ? 'entry' : 'entries'}` : ''}
        </p>
      </div>
      <List
        of={listed}
        label="Queue"
        rowRem={rowRem}
        row={(one) => <EntryRow entry={one} />}
        empty={
          <Empty title={filter.state === 'waiting' ? 'Nothing waits' : 'Nothing is like that'}>
            {Object.entries(defaults).every(([name, value]) => filter[name as keyof typeof defaults] === value)
              ? 'Every decision and alert has been judged. New ones appear here as they are made.'
              : 'Other filters may let more through.'}
          </Empty>
        }
        beside={
          chosen.id.value !== null &&
          entry && (
            <EntryPanel
              entry={entry}
              note={note}
              onLabel={(verdict) => void label(verdict)}
              onUndo={() => void undo({ entry, ids: entry.episode.ids })}
              onClose={() => chosen.choose(null)}
            />
          )
        }
      />
    </Page>
  );
};

export default Queue;
