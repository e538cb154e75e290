import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { Investigation } from '../../../view/investigation.ts';
import { investigationPath, longestId } from '../../../view/paths.ts';
import { wordOf } from '../../../view/word.ts';
import { post } from '../../api.ts';
import { score } from '../../format.ts';
import { judge, verdicts, verdictWords } from '../../label.ts';
import { Choice } from '../../list/filters.tsx';
import { useQuery } from '../../list/query.ts';
import { snapshots } from '../../live.ts';
import { may } from '../../me.ts';
import { useKeys } from '../../shell/keys.ts';
import { Empty, Failed, Loading, Page } from '../../shell/page.tsx';
import { say, sayFailed } from '../../shell/toast.tsx';
import { clockMs, when } from '../../time.ts';
import { lifeTexts, nameOf, reasonOf, stateWords, titleOf } from '../../words.ts';
import { Actions } from './actions.tsx';
import { Charts } from './charts.tsx';
import { Decisions } from './decisions.tsx';
import { CredentialFacts } from './facts.tsx';
import { Features } from './features.tsx';
import { LiveSubject } from './live.ts';
import { Related } from './related.tsx';

const spans = [
  ['900000', '15 min'],
  ['3600000', '1 h'],
  ['21600000', '6 h'],
  ['86400000', '1 day'],
  ['604800000', '7 days'],
] as const;

const Judgement = ({ subject }: { readonly subject: LiveSubject }) => {
  void subject.version.value;
  const lane = subject.lane!;
  const judged = lane.moments.findLast(({ decision }) =>
    decision ? ['revoke', 'shorten', 'narrow'].includes(decision.action) : false,
  );
  const decision = judged?.decision ?? lane.lastDecision;
  const said = lane.labels.findLast(({ decisionId }) => decisionId === (decision?.decisionId ?? null));
  const about = {
    subject: lane.id,
    decisionId: decision?.decisionId ?? null,
    windowEnd: decision?.windowEnd ?? lane.lastScore?.windowEnd ?? null,
  };
  const label = async (verdict: (typeof verdicts)[number] | 'withdrawn'): Promise<void> => {
    try {
      const { others } = await judge(about, verdict);
      if (verdict === 'withdrawn') say('Taken back.');
      else
        say(`${verdictWords[verdict].word}. ${verdictWords[verdict].changes}.${others}`, {
          word: 'Undo',
          run: () => void label('withdrawn'),
        });
    } catch (error) {
      sayFailed(error);
    }
  };
  useKeys(
    'Subject',
    may('analyst')
      ? verdicts.flatMap((verdict) =>
          verdictWords[verdict].keys.map((key) => ({
            key,
            text: verdictWords[verdict].word,
            run: () => void label(verdict),
          })),
        )
      : [],
  );
  if (!may('analyst')) return null;
  return (
    <section class="judgement" aria-label="Your judgement">
      <p>{judged ? `What was it? ${titleOf(judged)}, ${when(judged.at)}` : 'What is this behaviour?'}</p>
      <div class="label-buttons">
        {verdicts.map((verdict) => (
          <button
            key={verdict}
            type="button"
            data-verdict={verdict}
            aria-pressed={said?.verdict === verdict}
            title={verdictWords[verdict].changes}
            onClick={() => void label(verdict)}
          >
            {verdictWords[verdict].word} <kbd>{verdictWords[verdict].keys[0]}</kbd>
          </button>
        ))}
      </div>
      {said && said.verdict !== 'unknown' && said.verdict !== 'withdrawn' && (
        <p class="label-said">
          {verdictWords[said.verdict].word} by {said.by}, {when(said.at)}. {verdictWords[said.verdict].changes}.
        </p>
      )}
    </section>
  );
};

const Investigations = ({
  subject,
  id,
  name,
}: {
  readonly subject: LiveSubject;
  readonly id: string;
  readonly name: string;
}) => {
  const { route } = useLocation();
  const open = async (): Promise<void> => {
    try {
      const made = await post<Investigation>('/api/investigations', {
        subject: id,
        title: `${name.slice(0, 200)}: opened by hand`,
      });
      route(investigationPath(made.id));
    } catch (error) {
      sayFailed(error);
    }
  };
  const { investigations } = subject.detail.value!;
  return (
    <section aria-labelledby="investigations-title">
      <h2 id="investigations-title">Investigations</h2>
      {investigations.length === 0 && <p class="none">None yet.</p>}
      <ul class="plain-list">
        {investigations.map((one) => (
          <li key={one.id}>
            <a href={investigationPath(one.id)}>{one.title}</a>{' '}
            <span class="none">
              {one.status}
              {one.assignee && `, ${one.assignee}`}, {when(one.changedAt)}
            </span>
          </li>
        ))}
      </ul>
      {may('analyst') && (
        <button type="button" onClick={() => void open()}>
          Open an investigation
        </button>
      )}
    </section>
  );
};

const Known = ({ subject, spanMs }: { readonly subject: LiveSubject; readonly spanMs: number }) => {
  const version = subject.version.value;
  const detail = subject.detail.value!;
  const lane = subject.lane!;
  const now = clockMs.value;
  const word = wordOf(lane, now);
  const { left, of } = lifeTexts(lane, now);
  const last = lane.lastScore;
  return (
    <>
      <p class="subject-now">
        <span class="state" data-word={word}>
          {stateWords[word]}
        </span>
        {lane.credential && (
          <span class="figure-big">
            {left} <span class="figure-of">{of} left</span>
          </span>
        )}
        {last && (
          <span class="figure-big">
            {last.learning ? 'learning' : score(last.score)} <span class="figure-of">score</span>
          </span>
        )}
        <span class="subject-reason">{reasonOf(lane)}</span>
      </p>
      <Judgement subject={subject} />
      <Charts subject={subject} spanMs={spanMs} />
      <div class="subject-columns">
        <Decisions lane={lane} version={version} />
        <div class="subject-side">
          <Features features={detail.features} lastScore={last} />
          <CredentialFacts id={detail.id} credential={lane.credential} lastScore={last} />
          <Related groups={detail.related} />
          <Investigations subject={subject} id={detail.id} name={nameOf(lane)} />
        </div>
      </div>
    </>
  );
};

/** One subject: its life against its score, what was decided and why, what Vault answered, who is related, what can be done. */
const Subject = () => {
  const { params } = useRoute();
  const { query } = useLocation();
  const id = params.id === '-' && query.id ? query.id : (params.id ?? '');
  const [{ span }, setQuery] = useQuery({ span: '3600000', id: '' });
  const isTooLong = id.length > longestId;
  const spanMs = Math.min(90 * 86_400_000, Math.max(60_000, Number(span) || 3_600_000));
  const subject = useMemo(() => (isTooLong ? null : new LiveSubject(id, spanMs)), [id, spanMs, isTooLong]);
  const acted = useSignal(0);
  useEffect(() => () => subject?.close(), [subject]);
  const begunAt = useMemo(() => snapshots.peek(), [subject]);
  useEffect(() => {
    // After the first one: the connection was lost for a while
    if (snapshots.value > Math.max(1, begunAt)) void subject?.load();
  }, [subject, snapshots.value]);
  if (!subject)
    return (
      <Page title="Subject">
        <Empty title="That identifier is too long">
          It has {id.length.toLocaleString()} characters; the console looks up identifiers of at most{' '}
          {longestId.toLocaleString()}.
        </Empty>
      </Page>
    );
  const error = subject.error.value;
  const detail = subject.detail.value;
  const name = detail && subject.lane ? nameOf(subject.lane) : id;
  return (
    <Page
      title={name}
      lead={name === id ? undefined : id}
      actions={
        <>
          <Choice
            label="Span of time"
            value={span as (typeof spans)[number][0]}
            options={spans}
            onChoose={(next) => setQuery({ span: next })}
          />
          {detail && <Actions id={id} name={name} version={acted.value} />}
        </>
      }
    >
      {error?.status === 404 && (
        <Empty title="Nobody has heard of it">
          {error.message}. A longer span of time may know it; <a href="/subjects">search all subjects</a>.
        </Empty>
      )}
      {error && error.status !== 404 && !detail && <Failed error={error} onRetry={() => void subject.load()} />}
      {!error && !detail && <Loading what="Reading its life" />}
      {detail && <Known subject={subject} spanMs={spanMs} />}
    </Page>
  );
};

export default Subject;
