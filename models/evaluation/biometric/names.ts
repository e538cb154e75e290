import { publishedDetectors } from './published.ts';

/** Verifiers of keystrokes that are compared, ours first. */
export const cmuDetectors: readonly string[] = [
  'statistical',
  'comparator',
  'joined',
  ...Object.keys(publishedDetectors),
];
