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

/** What is to be judged. */
export interface Judgeable {
  readonly subject: string;
  readonly decisionId: string | null;
  readonly windowEnd: number | null;
  /** Entries of the queue, where these are meant. */
  readonly ids?: readonly string[];
}

interface Judgement {
  readonly ids: readonly string[];
  readonly others: readonly { readonly by: string; readonly verdict: EntryLabel['verdict'] }[];
}

/** What came of a judgement. */
export interface Judged {
  /** A sentence about others who judged it otherwise, with a space before it; empty where nobody did. */
  readonly others: string;
  /** Entries of the queue that were judged. */
  readonly ids: readonly string[];
}

/**
 * Judge something, or take a judgement back.
 *
 * @throws {ApiError}
 */
export const judge = async (
  { subject, decisionId, windowEnd, ids }: Judgeable,
  verdict: EntryLabel['verdict'] | 'withdrawn',
  note = '',
): Promise<Judged> => {
  const about = ids ? { ids } : { decisionId, windowEnd };
  const { ids: judged, others } = await post<Judgement>('/api/labels', { subject, verdict, note, ...about });
  if (verdict === 'withdrawn' || others.length === 0) return { others: '', ids: judged };
  const said = others.map((other) => `${other.by} as ${verdictWords[other.verdict].word.toLowerCase()}`);
  return { others: ` Also labelled by ${said.join(', by ')}: yours counts, as the last.`, ids: judged };
};
