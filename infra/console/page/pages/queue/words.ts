import type { QueueEntry } from '../../../view/desk.ts';
import { reachOf, stakeAt } from '../../../view/stake.ts';
import { plain } from '../../format.ts';

/** What happened, in a word and a glyph; hollow where nothing was done. */
export const deedOf = ({
  action,
  outcome,
  mode,
  kind,
}: QueueEntry): { readonly glyph: string; readonly word: string } => {
  const done = outcome === 'enforced' || outcome === 'advisory';
  if (action === 'alert') return { glyph: '!', word: kind ? plain(kind) : 'alert' };
  const [did, would, full, hollow] = {
    revoke: ['Revoked', 'Would revoke', '✕', '⊗'],
    shorten: ['Shortened', 'Would shorten', '▼', '▽'],
    narrow: ['Narrowed', 'Would narrow', '◆', '◇'],
  }[action] as [string, string, string, string];
  const applied = done || (outcome === null && mode === 'enforce');
  return { glyph: applied ? full : hollow, word: applied ? did : would };
};

/** What became of it, for people. */
export const outcomeWords: Record<NonNullable<QueueEntry['outcome']> | 'none', string> = {
  enforced: 'Vault did it',
  advisory: 'done, but its holder can undo it',
  impossible: 'Vault cannot',
  skipped: 'not carried out',
  unknown: 'not known',
  none: 'no answer from Vault yet',
};

/** What is at stake now, as a figure from 0 to 100 and beyond. */
export const stakeOf = ({ severity, others, at }: QueueEntry, now: number): number =>
  Math.round(100 * stakeAt(severity, reachOf(others), at, now));
