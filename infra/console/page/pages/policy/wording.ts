import type { PolicyField, PolicyProblem } from '../../../view/policy.ts';
import { duration, plain } from '../../format.ts';
import { type Draft, isDraft } from './draft.ts';
import { listText } from './textList.ts';

/** Whether a field is a time, in milliseconds. */
export const isDuration = ({ path }: PolicyField): boolean => path.endsWith('Ms');

/** A field's name as words. */
export const titleOf = ({ path }: PolicyField): string => {
  const words = plain(path.replace(/Ms$/, ''));
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** A value as people read it. */
export const textOf = (field: PolicyField, value: unknown): string => {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'number') return isDuration(field) ? duration(value) : String(value);
  if (field.kind === 'rows' && Array.isArray(value))
    return (value as Draft[])
      .map((row) => field.columns.map((one) => textOf(one, row[nameOf(one)])).join(': '))
      .join(', ');
  if (field.kind === 'texts' && Array.isArray(value)) return listText(value as string[]) || 'none';
  if (field.kind === 'entries' && isDraft(value)) return Object.keys(value).join(', ') || 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** A column's name in its row. */
export const nameOf = ({ path }: PolicyField): string => path.slice(path.lastIndexOf('.') + 1);

/** What is wrong with a field: at it, below it, or with all that it is part of. */
export const problemsOf = ({ path, kind }: PolicyField, problems: readonly PolicyProblem[]): readonly PolicyProblem[] =>
  problems.filter(
    (one) =>
      one.path === path ||
      one.path.startsWith(`${path}.`) ||
      (kind === 'rows' && one.path !== '' && path.startsWith(`${one.path}.`)),
  );
