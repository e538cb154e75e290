import { publishedDetectors } from './published.ts';

/** Verifiers of keystrokes that are compared, ours first. */
export const cmuDetectors: readonly string[] = [
  'statistical',
  'comparator',
  'joined',
  ...Object.keys(publishedDetectors),
];

/** Verifiers of mouse movement that are compared, ours first. */
export const balabitDetectors: readonly string[] = ['quantileLogistic', 'statistical'];
