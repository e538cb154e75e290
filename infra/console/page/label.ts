import { labelChanges } from '../../../schemas/verdicts.ts';
import type { EntryLabel } from '../view/desk.ts';
import { post } from './api.ts';

/** Judgements, in the order of their keys. */
export const verdicts = ['legitimateAnomaly', 'falsePositive', 'maliciousActivity'] as const;

/** A judgement, as people say it, its keys, and what it changes. */
export const verdictWords: Readonly<
  Record<
    EntryLabel['verdict'],
    { readonly word: string; readonly keys: readonly [string, string]; readonly changes: string }
  >
> = {
  legitimateAnomaly: { word: 'Legitimate anomaly', keys: ['1', 'a'], changes: labelChanges.legitimateAnomaly },
  falsePositive: { word: 'False positive', keys: ['2', 'f'], changes: labelChanges.falsePositive },
  maliciousActivity: { word: 'Malicious activity', keys: ['3', 'm'], changes: labelChanges.maliciousActivity },
};

/** What is judged. */
export interface Judged {
  readonly subject: string;
  readonly decisionId: string | null;
  readonly windowEnd: number | null;
}

/**
 * Judge something, or take a judgement back.
 *
 * @throws {ApiError}
 */
export const judge = async (
  { subject, decisionId, windowEnd }: Judged,
  verdict: EntryLabel['verdict'] | 'withdrawn',
  note = '',
): Promise<void> => {
  await post('/api/labels', { subject, decisionId, windowEnd, verdict, note });
};
