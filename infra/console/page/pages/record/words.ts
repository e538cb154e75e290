import type { ActionEntry } from '../../../view/action.ts';
import { plain } from '../../format.ts';

/** The subject of what concerns everything. */
export const everything = 'ebbtide';

const names = [
  'access',
  'acknowledge',
  'adopt',
  'allowEntity',
  'approval',
  'denyEntity',
  'disableEntity',
  'enableEntity',
  'eraseUser',
  'exempt',
  'export',
  'exportUser',
  'investigate',
  'killSwitch',
  'label',
  'mode',
  'model',
  'policy',
  'restore',
  'revoke',
  'revokeEntity',
  'scopeOverride',
  'signIn',
  'signOut',
  'silence',
  'testAlert',
  'token',
  'translation',
] as const;

/** What can be done, for a list to choose from. */
export const actions: readonly (readonly [string, string])[] = [
  ['', 'Whatever was done'],
  ...names.map((name) => [name, plain(name)] as const),
];

/** How far something came. */
export const outcomeWords: Readonly<Record<ActionEntry['outcome'], string>> = {
  asked: 'asked for',
  done: 'done',
  failed: 'failed',
  refused: 'refused',
  unknown: 'not known',
};

/** Outcomes, for a list to choose from. */
export const outcomes: readonly (readonly [string, string])[] = [
  ['', 'Any outcome'],
  ...(['asked', 'done', 'failed', 'refused'] as const).map((one) => [one, outcomeWords[one]] as const),
];

/** Ranges that end now, hours. */
export const spans: readonly (readonly [string, string])[] = [
  ['', 'At any time'],
  ['1', 'In the last hour'],
  ['24', 'In the last day'],
  ['168', 'In the last 7 days'],
  ['720', 'In the last 30 days'],
];
