import type { QueueEntry } from '../../../view/desk.ts';
import { subjectPath } from '../../../view/paths.ts';
import { verdictWords } from '../../label.ts';
import { ago, clockMs, inFull } from '../../time.ts';
import { deedOf, stakeOf } from './words.ts';

/** One entry of the queue in a line or two. */
export const EntryRow = ({ entry }: { readonly entry: QueueEntry }) => {
  const now = clockMs.value;
  const { glyph, word } = deedOf(entry);
  const stake = stakeOf(entry, now);
  const said = entry.labels.at(-1);
  const count = entry.episode.ids.length;
  return (
    <>
      <span class="stake" style={{ '--share': Math.min(1, stake / 100) }} title="At stake: severity × reach × age">
        {stake}
        <span class="hidden"> at stake</span>
      </span>
      <span class="row-main">
        <span class="row-title">
          <a class="row-name" href={subjectPath(entry.subject)} tabIndex={-1}>
            {entry.name}
          </a>
          <span class="deed" data-kind={entry.action}>
            <span aria-hidden="true">{glyph}</span> {word}
          </span>
          {count > 1 && (
            <span class="episode" title={`${count} of one episode; the worst is shown`}>
              × {count}
              <span class="hidden"> of one episode</span>
            </span>
          )}
          {said && <span class="said">{verdictWords[said.verdict].word}</span>}
        </span>
        <span class="row-text">{entry.text}</span>
      </span>
      <time class="row-time" dateTime={new Date(entry.at).toISOString()} title={inFull(entry.at)}>
        {ago(entry.at, now)}
      </time>
    </>
  );
};
