import type { SignInView } from '../../../view/behaviour.ts';
import { modalityOf } from '../../view/modalities.ts';

/** What is typed: of ten keys and more, so that recordings of it are noticed. */
export const phrase = 'the tide turns';

/** Whoever signs in, as the reader says; the key host does not know. */
export type Typist = 'owner' | 'friend';

const units = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;

/** A lifespan as people say it: `24 hours`, `5 minutes`. */
export const lifespan = (ms: number): string => {
  const minutes = Math.max(1, Math.round(ms / 60_000)) * 60_000;
  const [size, word] = units.find(([unit]) => minutes % unit === 0 && (unit < 86_400_000 || minutes > unit))!;
  const number = minutes / size;
  return `${number} ${word}${number === 1 ? '' : 's'}`;
};

const reasons: Readonly<Record<string, string>> = {
  assessed: 'Compared with how you type',
  learning: 'Learning how you type',
  unseen: 'Nothing could be compared',
  replayed: 'A recording of earlier typing',
  forged: 'Not made by a person',
  noConsent: 'Nothing was measured, as you wish',
  reissued: 'Issued again after a cut',
};

/** Why a lifespan is what it is, in words. */
export const reasonOf = ({ reason, faults }: Pick<SignInView, 'reason' | 'faults'>): string =>
  `${reasons[reason] ?? reason}${faults.length > 0 ? ` (${faults.join(', ')})` : ''}`;

/** Whether a sign-in says something of who typed. */
export const isJudged = ({ reason }: Pick<SignInView, 'reason'>): boolean => reason !== 'learning';

const verifiers: Readonly<Record<string, string>> = {
  'keystroke.statistical': 'Typing, against your own samples',
  'keystroke.comparator': 'Typing, against what others do',
};

/** What a verifier looks at, in words. */
export const verifierOf = (name: string): string => verifiers[name] ?? modalityOf(name);
