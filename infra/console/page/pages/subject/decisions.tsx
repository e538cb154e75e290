import { useSignal } from '@preact/signals';
import type { Lane } from '../../../view/lane.ts';
import type { Moment } from '../../../view/protocol.ts';
import { plain, score } from '../../format.ts';
import { verdictWords } from '../../label.ts';
import { isApplied, isTopUp, kindOf } from '../../tide/draw/marks.ts';
import { shownValue } from '../../tide/eventList.ts';
import { inFull, when } from '../../time.ts';
import { answerOf, titleOf } from '../../words.ts';

const glyphs = {
  extend: ['▲', '△'],
  shorten: ['▼', '▽'],
  revoke: ['✕', '⊗'],
  restore: ['◆', '◇'],
  unknown: ['●', '○'],
} as const;
const shownAtFirst = 30;

const Record = ({ title, record }: { readonly title: string; readonly record: object | null }) =>
  record && (
    <div class="record">
      <h3 class="record-title">{title}</h3>
      <dl>
        {Object.entries(record).map(([name, value]) => (
          <div key={name}>
            <dt>{plain(name)}</dt>
            <dd>{shownValue(name, value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );

interface Shown {
  readonly lane: Lane;
  /** Of the lane, which changes in place: components whose properties are the same are not rendered again. */
  readonly version: number;
}

const DecisionItem = ({ moment, lane }: Shown & { readonly moment: Moment }) => {
  const open = useSignal(false);
  const { decision, effect } = moment;
  const kind = kindOf(moment);
  const said = lane.labels
    .filter(({ decisionId, verdict }) => decisionId === moment.id && verdict !== 'withdrawn')
    .at(-1);
  return (
    <li>
      <details
        class="event"
        data-kind={kind}
        onToggle={(event) => {
          open.value = event.currentTarget.open;
        }}
      >
        <summary>
          <span class="glyph" aria-hidden="true">
            {glyphs[kind][isApplied(moment) ? 0 : 1]}
          </span>
          <span class="event-title">{titleOf(moment)}</span>
          <time dateTime={new Date(moment.at).toISOString()} title={inFull(moment.at)}>
            {when(moment.at)}
          </time>
          <span class="event-answer">{decision?.reason}</span>
          <span class="event-answer">
            Vault: {answerOf(moment)}
            {decision && ` · score ${score(decision.score)} · policy ${decision.policyVersion.slice(0, 12)}`}
          </span>
          {said && said.verdict !== 'unknown' && said.verdict !== 'withdrawn' && (
            <span class="event-answer">
              Judged: {verdictWords[said.verdict].word.toLowerCase()} by {said.by}
            </span>
          )}
        </summary>
        {open.value && (
          <>
            <Record title="Decision" record={decision} />
            <Record title="Effect" record={effect} />
          </>
        )}
      </details>
    </li>
  );
};

/** Every decision about a subject, the newest first, with what Vault answered. */
export const Decisions = ({ lane, version }: Shown) => {
  const most = useSignal(shownAtFirst);
  const topUps = useSignal(false);
  const moments = lane.moments
    .filter((moment) => topUps.value || !isTopUp(moment))
    .sort((left, right) => right.at - left.at);
  return (
    <section class="events" aria-labelledby="decisions-title">
      <h2 id="decisions-title">Decisions</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={topUps.value}
          onChange={(event) => {
            topUps.value = event.currentTarget.checked;
          }}
        />
        With plain renewals
      </label>
      {lane.alerts.length > 0 && (
        <ul class="alerts">
          {lane.alerts
            .toReversed()
            .slice(0, 10)
            .map(({ alertId, severity, at, summary }) => (
              <li key={alertId} class="alert" data-severity={severity}>
                <time>{when(at)}</time> {summary}
              </li>
            ))}
        </ul>
      )}
      {moments.length === 0 && <p class="none">Nothing has been decided in this time.</p>}
      <ol>
        {moments.slice(0, most.value).map((moment) => (
          <DecisionItem key={moment.id} moment={moment} lane={lane} version={version} />
        ))}
      </ol>
      {moments.length > most.value && (
        <button
          type="button"
          onClick={() => {
            most.value += 100;
          }}
        >
          Show {Math.min(100, moments.length - most.value)} more of {moments.length}
        </button>
      )}
    </section>
  );
};
