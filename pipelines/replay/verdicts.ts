import type { Label } from '../../schemas/generated/index.ts';

/** What analysts' labels make of a subject. */
export interface Verdict {
  readonly kind: 'malicious' | 'benign';
  /** Since when it was malicious, epoch milliseconds of event time; -Infinity where no label says. */
  readonly maliciousFrom: number;
  /** What the time to revoke is counted from, undefined where no label says. */
  readonly onset: number | undefined;
}

/** End of the window that a decision was about: the last number of its identifier. */
const windowEndOf = (decisionId: string | null): number | undefined => {
  const [, digits] = /(\d+)$/.exec(decisionId ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
};

const earliest = (times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};

/** What is left of the labels on one decision or window: the latest of each person, but what they took back. */
const standing = (labels: readonly Label[]): Label[] => {
  const byPerson = new Map<string, Label>();
  for (const label of labels) {
    // Set anew, it stands last
    byPerson.delete(label.by);
    if (label.verdict !== 'withdrawn') byPerson.set(label.by, label);
  }
  return [...byPerson.values()];
};

/**
 * Judge subjects by their labels. Of several labels on the same decision or window the latest counts that its writer did
 * not take back. A subject with any malicious one left is malicious, from the earliest window that was labelled so; one
 * with others alone is benign.
 */
export const verdictsOf = (labels: readonly Label[]): ReadonlyMap<string, Verdict> => {
  const bySubject = new Map<string, Map<string, Label[]>>();
  for (const label of labels.toSorted((a, b) => a.at - b.at)) {
    if (label.verdict === 'unknown') continue;
    const targets = bySubject.get(label.subject) ?? new Map<string, Label[]>();
    bySubject.set(label.subject, targets);
    const target = label.decisionId ?? String(label.windowStart ?? '');
    targets.set(target, [...(targets.get(target) ?? []), label]);
  }
  const verdicts = new Map<string, Verdict>();
  for (const [subject, targets] of bySubject) {
    const all = [...targets.values()].flatMap((said) => standing(said).slice(-1));
    const malicious = all.filter(({ verdict }) => verdict === 'maliciousActivity');
    if (malicious.length > 0)
      verdicts.set(subject, {
        kind: 'malicious',
        maliciousFrom: malicious.every(({ windowStart }) => windowStart !== null)
          ? Math.min(...malicious.map(({ windowStart }) => windowStart!))
          : Number.NEGATIVE_INFINITY,
        onset: earliest(malicious.map(({ windowStart, decisionId }) => windowStart ?? windowEndOf(decisionId))),
      });
    else if (all.length > 0)
      verdicts.set(subject, { kind: 'benign', maliciousFrom: Number.POSITIVE_INFINITY, onset: undefined });
  }
  return verdicts;
};
