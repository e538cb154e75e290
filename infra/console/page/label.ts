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
  /** Row of the queue, where all of its episode is meant. */
  readonly id?: string;
  readonly episode?: { readonly count: number; readonly to: number };
}

interface Judgement {
  readonly others: readonly { readonly by: string; readonly verdict: EntryLabel['verdict'] }[];
}

/**
 * Judge something, or take a judgement back.
 *
 * @returns a sentence about others who judged it otherwise, with a space before it; empty where nobody did
 * @throws {ApiError}
 */
export const judge = async (
  { subject, decisionId, windowEnd, id, episode }: Judged,
  verdict: EntryLabel['verdict'] | 'withdrawn',
  note = '',
): Promise<string> => {
  const whole = id !== undefined && episode && episode.count > 1 ? { episode: { id, until: episode.to } } : {};
  const label = { subject, decisionId, windowEnd, verdict, note, ...whole };
  const { others } = await post<Judgement>('/api/labels', label);
  if (verdict === 'withdrawn' || others.length === 0) return '';
  const said = others.map((other) => `${other.by} as ${verdictWords[other.verdict].word.toLowerCase()}`);
  return ` Also labelled by ${said.join(', by ')}: yours counts, as the last.`;
};
