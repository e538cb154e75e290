import type { Signal } from '@preact/signals';
import { useLocation } from 'preact-iso';
import type { QueueEntry } from '../../../view/desk.ts';
import type { Investigation } from '../../../view/investigation.ts';
import { investigationPath, subjectPath } from '../../../view/paths.ts';
import { reachOf } from '../../../view/stake.ts';
import { post } from '../../api.ts';
import { duration, plain, score } from '../../format.ts';
import { verdicts, verdictWords } from '../../label.ts';
import { may, me } from '../../me.ts';
import { sayFailed } from '../../shell/toast.tsx';
import { clockMs, inFull, when } from '../../time.ts';
import { deedOf, outcomeWords, stakeOf } from './words.ts';

/** The entry that is at hand: why it is here, and what somebody says of it. */
export const EntryPanel = ({
  entry,
  note,
  onLabel,
  onUndo,
  onClose,
}: {
  readonly entry: QueueEntry;
  readonly note: Signal<string>;
  readonly onLabel: (verdict: (typeof verdicts)[number]) => void;
  readonly onUndo: () => void;
  readonly onClose: () => void;
}) => {
  const { route } = useLocation();
  const { glyph, word } = deedOf(entry);
  const investigate = async (): Promise<void> => {
    try {
      const { id } = await post<Investigation>('/api/investigations', {
        subject: entry.subject,
        title: `${entry.name.slice(0, 200)}: ${word.toLowerCase()}`,
        decisionId: entry.decisionId,
        text: entry.text.slice(0, 2_000),
      });
      route(investigationPath(id));
    } catch (error) {
      sayFailed(error);
    }
  };
  return (
    <aside class="panel" aria-label={`Entry: ${entry.name}`}>
      <div class="detail-head">
        <h2>
          <a href={subjectPath(entry.subject)}>{entry.name}</a>
        </h2>
        <button type="button" class="quiet close" aria-label="Close the entry" onClick={onClose}>
          ✕
        </button>
      </div>
      <p class="panel-deed">
        <span class="deed" data-kind={entry.action}>
          <span aria-hidden="true">{glyph}</span> {word}
        </span>{' '}
        <time dateTime={new Date(entry.at).toISOString()} title={inFull(entry.at)}>
          {when(entry.at)}
        </time>
      </p>
      <p class="panel-text">{entry.text}</p>
      <dl class="facts">
        <div>
          <dt>At stake</dt>
          <dd>
            {stakeOf(entry, clockMs.value)} = 100 × severity {score(entry.severity)} × reach{' '}
            {reachOf(entry.others).toFixed(1)} × age
          </dd>
        </div>
        {entry.episode.ids.length > 1 && (
          <div>
            <dt>Episode</dt>
            <dd>
              {entry.episode.ids.length} within {duration(entry.episode.to - entry.episode.from)}, since{' '}
              {when(entry.episode.from)}. This is the worst; your judgement is of all of them.
            </dd>
          </div>
        )}
        <div>
          <dt>Reach</dt>
          <dd>
            {entry.others === 0 ? 'no other live credential' : `${entry.others} other live credentials`} of the same
            entity or role
          </dd>
        </div>
        {entry.action !== 'alert' && (
          <div>
            <dt>Vault</dt>
            <dd>{entry.mode === 'shadow' ? 'only recorded: shadow mode' : outcomeWords[entry.outcome ?? 'none']}</dd>
          </div>
        )}
        {entry.kind && (
          <div>
            <dt>Alert</dt>
            <dd>{plain(entry.kind)}</dd>
          </div>
        )}
        <div>
          <dt>System</dt>
          <dd>{entry.pipeline || '–'}</dd>
        </div>
      </dl>
      {may('analyst') && (
        <section class="verdicts" aria-label="Your judgement">
          <h3>What was it?</h3>
          {verdicts.map((verdict) => (
            <button key={verdict} type="button" class="verdict" data-verdict={verdict} onClick={() => onLabel(verdict)}>
              <span class="verdict-word">
                {verdictWords[verdict].word}
                <kbd>{verdictWords[verdict].keys[0]}</kbd>
              </span>
              <span class="verdict-changes">{verdictWords[verdict].changes}</span>
            </button>
          ))}
          <label for="note">Note</label>
          <textarea
            id="note"
            rows={2}
            maxLength={2_000}
            placeholder="Kept with the judgement"
            value={note.value}
            onInput={(event) => {
              note.value = event.currentTarget.value;
            }}
          />
        </section>
      )}
      {entry.labels.length > 0 && (
        <section class="said-by" aria-label="Judgements">
          <h3>Judged</h3>
          {entry.labels.map(({ verdict, by, at, note: words }) => (
            <p key={by}>
              <strong>{verdictWords[verdict].word}</strong> by {by}, {when(at)}
              {words && <span class="quoted">{words}</span>}
            </p>
          ))}
          {entry.labels.some(({ by }) => by === me.value?.name) && (
            <button type="button" class="quiet" onClick={onUndo}>
              Take mine back
            </button>
          )}
        </section>
      )}
      {may('analyst') && (
        <div class="panel-buttons">
          <button type="button" onClick={() => void investigate()}>
            Open an investigation
          </button>
        </div>
      )}
    </aside>
  );
};
