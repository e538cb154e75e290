import { type Signal, useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso';
import type { QueueEntry } from '../../../view/desk.ts';
import type { Investigation as One, Step } from '../../../view/investigation.ts';
import { subjectPath } from '../../../view/paths.ts';
import { ApiError, get, post } from '../../api.ts';
import { useDesk, useRead } from '../../fresh.ts';
import { may, me } from '../../me.ts';
import { useKeys } from '../../shell/keys.ts';
import { Empty, Failed, Loading, Page } from '../../shell/page.tsx';
import { say, sayFailed } from '../../shell/toast.tsx';
import { inFull, when } from '../../time.ts';
import { deedOf, outcomeWords } from '../queue/words.ts';
import { Close } from './close.tsx';
import { Comment } from './comment.tsx';
import { findingWords, stepWords } from './words.ts';

interface Answer {
  readonly investigation: One;
  readonly decisions: readonly QueueEntry[];
}
/** What is asked of the server; the state that it is made on is added. */
export type Change =
  | { readonly kind: 'commented'; readonly text: string }
  | { readonly kind: 'assigned'; readonly assignee: string }
  | { readonly kind: 'closed'; readonly finding: Step['finding']; readonly text: string }
  | { readonly kind: 'reopened' };

const StepItem = ({ step }: { readonly step: Step }) => (
  <li class="step" data-kind={step.kind}>
    <p class="step-head">
      <strong>{step.by}</strong> {stepWords(step)}{' '}
      <time dateTime={new Date(step.at).toISOString()} title={inFull(step.at)}>
        {when(step.at)}
      </time>
    </p>
    {step.text && <p class="step-text">{step.text}</p>}
  </li>
);

const DecisionItem = ({ id, entry }: { readonly id: string; readonly entry: QueueEntry | undefined }) => {
  if (!entry) return <li class="none">{id}</li>;
  const { glyph, word } = deedOf(entry);
  return (
    <li>
      <span class="deed" data-kind={entry.action}>
        <span aria-hidden="true">{glyph}</span> {word}
      </span>{' '}
      <time>{when(entry.at)}</time>
      <p>{entry.text}</p>
      <p class="none">Vault: {outcomeWords[entry.outcome ?? 'none']}</p>
    </li>
  );
};

const Known = ({
  answer,
  change,
  conflict,
}: {
  readonly answer: Answer;
  readonly change: (change: Change) => Promise<boolean>;
  readonly conflict: string;
}) => {
  const { investigation: one, decisions } = answer;
  const closing = useSignal(false);
  const name = me.value?.name ?? '';
  const isOpen = one.status === 'open';
  useKeys(
    'Investigation',
    may('analyst')
      ? [
          { key: 'c', text: 'Comment', run: () => document.getElementById('comment')?.focus() },
          ...(isOpen
            ? [
                { key: 't', text: 'Take it', run: () => void change({ kind: 'assigned', assignee: name }) },
                {
                  key: 'x',
                  text: 'Close it with a finding',
                  run: () => {
                    closing.value = true;
                  },
                },
              ]
            : []),
        ]
      : [],
  );
  return (
    <>
      {conflict && (
        <p class="notice" role="alert">
          {conflict}
        </p>
      )}
      <p class="subject-now">
        <span class="said">{isOpen ? 'Open' : findingWords[one.finding]}</span>
        <span>
          About <a href={subjectPath(one.subject)}>{one.subject}</a>
        </span>
        <span class="none">{one.assignee ? `with ${one.assignee}` : 'nobody has it'}</span>
        <span class="none">
          opened {when(one.openedAt)} by {one.openedBy}
        </span>
      </p>
      <div class="page-actions step-actions">
        {may('analyst') && isOpen && one.assignee !== name && (
          <button type="button" class="primary" onClick={() => void change({ kind: 'assigned', assignee: name })}>
            Take it <kbd>t</kbd>
          </button>
        )}
        {may('analyst') && isOpen && one.assignee === name && (
          <button type="button" onClick={() => void change({ kind: 'assigned', assignee: '' })}>
            Give it back
          </button>
        )}
        {may('analyst') && isOpen && (
          <button
            type="button"
            onClick={() => {
              closing.value = true;
            }}
          >
            Close it… <kbd>x</kbd>
          </button>
        )}
        {may('analyst') && !isOpen && (
          <button type="button" onClick={() => void change({ kind: 'reopened' })}>
            Open it again
          </button>
        )}
        <a
          class="button"
          href={`/api/investigations/${one.id}/export?format=markdown`}
          download={`investigation-${one.id}.md`}
        >
          Export as Markdown
        </a>
        <a
          class="button"
          href={`/api/investigations/${one.id}/export?format=json`}
          download={`investigation-${one.id}.json`}
        >
          JSON
        </a>
      </div>
      <div class="subject-columns">
        <section aria-labelledby="steps-title">
          <h2 id="steps-title">What happened</h2>
          <ol class="steps">
            {one.steps.map((step) => (
              <StepItem key={step.stepId} step={step} />
            ))}
          </ol>
          {may('analyst') && <Comment id={one.id} onComment={(text) => change({ kind: 'commented', text })} />}
        </section>
        <section aria-labelledby="decisions-title">
          <h2 id="decisions-title">Decisions</h2>
          {one.decisionIds.length === 0 && <p class="none">It was opened by hand, about no decision.</p>}
          <ul class="plain-list linked">
            {one.decisionIds.map((id) => (
              <DecisionItem key={id} id={id} entry={decisions.find((entry) => entry.id === id)} />
            ))}
          </ul>
        </section>
      </div>
      {closing.value && (
        <Close
          onClose={() => {
            closing.value = false;
          }}
          onFinding={(finding, text) => {
            closing.value = false;
            void change({ kind: 'closed', finding, text });
          }}
        />
      )}
    </>
  );
};

/** One investigation: what happened, who has it, what was found. */
const Investigation = () => {
  const { params } = useRoute();
  const id = params.id ?? '';
  const conflict = useSignal('');
  const path = `/api/investigations/${encodeURIComponent(id)}`;
  const version = useDesk(({ investigations }) => investigations.version);
  const { data: answer, error: failure, load } = useRead(() => get<Answer>(path), [id, version]);
  const error = failure as Signal<ApiError | null>;
  const change = async (wish: Change): Promise<boolean> => {
    conflict.value = '';
    try {
      const base = answer.value?.investigation.base ?? 1;
      const investigation = await post<One>(`${path}/steps`, wish.kind === 'commented' ? wish : { base, ...wish });
      if (answer.value) answer.value = { ...answer.value, investigation };
      if (wish.kind === 'closed') say(`Closed: ${findingWords[wish.finding].toLowerCase()}.`);
      return true;
    } catch (failed) {
      if (failed instanceof ApiError && failed.status === 409) {
        // What was typed stays where it was typed, beside what the other one did
        conflict.value = `${failed.message}.${wish.kind === 'closed' && wish.text ? ` You had written: “${wish.text}”` : ''}`;
        await load();
      } else sayFailed(failed);
      return false;
    }
  };
  return (
    <Page
      title={answer.value?.investigation.title ?? 'Investigation'}
      lead={<a href="/investigations">All investigations</a>}
    >
      {error.value?.status === 404 && <Empty title="There is no such investigation">{error.value.message}</Empty>}
      {error.value && error.value.status !== 404 && !answer.value && (
        <Failed error={error.value} onRetry={() => void load()} />
      )}
      {!error.value && !answer.value && <Loading what="Reading the investigation" />}
      {answer.value && <Known answer={answer.value} change={change} conflict={conflict.value} />}
    </Page>
  );
};

export default Investigation;
