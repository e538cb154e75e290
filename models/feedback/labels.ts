import type { Label } from '../../schemas/generated/Label.ts';

/** The verdicts that change a model. */
export type Verdict = Exclude<Label['verdict'], 'withdrawn' | 'unknown'>;

/** What was decided, as far as labels ask. */
export interface JudgedDecision {
  readonly decisionId: string;
  readonly subject: string;
  /** End of the window that it was decided on, epoch ms. */
  readonly windowEnd: number;
}

/** What a subject did in a stretch of time, as analysts judged it. */
export interface Judgement {
  readonly subject: string;
  readonly verdict: Verdict;
  /** `[fromMs, toMs)`, event time. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly decisionId: string | null;
  readonly by: string;
  readonly at: number;
}

/** A label that changes nothing, and why. */
export interface RefusedLabel {
  readonly label: Label;
  readonly why: string;
}

/** How labels are resolved. */
export interface ResolveOptions {
  /** Length of a window, ms. */
  readonly windowMs: number;
  /** Windows up to the decision's that a label of a decision judges. @default 6 */
  readonly judgedWindows?: number;
  /** The newest decision about a subject at or before a time, for labels that name none. */
  readonly lastDecision: (subject: string, atMs: number) => JudgedDecision | undefined;
  /** A decision by its id. */
  readonly decision: (decisionId: string) => JudgedDecision | undefined;
}

const words: Readonly<Record<Verdict, string>> = {
  legitimateAnomaly: 'a legitimate anomaly',
  falsePositive: 'a false positive',
  maliciousActivity: 'malicious',
};

const isMalicious = ({ verdict }: Judgement): boolean => verdict === 'maliciousActivity';

/** A judgement, or what takes one back. */
type Located = Omit<Judgement, 'verdict'> & { readonly verdict: Verdict | 'withdrawn' };

const locate = (label: Label, options: ResolveOptions): Located | string => {
  const { subject, decisionId, verdict, windowStart, windowEnd, by, at } = label;
  if (verdict === 'unknown') return 'its verdict is unknown to this version';
  const { windowMs, judgedWindows = 6 } = options;
  const decision = decisionId === null ? undefined : options.decision(decisionId);
  if (decisionId !== null && !decision) return `there is no decision ${decisionId}`;
  if (decision && decision.subject !== subject)
    return `decision ${decisionId} is about ${decision.subject}, not ${subject}`;
  const about = { subject, verdict, by, at };
  if (windowStart !== null && windowEnd !== null) {
    if (!(windowStart < windowEnd)) return 'its time ends before it begins';
    return { ...about, fromMs: windowStart, toMs: windowEnd, decisionId };
  }
  // As in the console, a label without a decision judges the last one before it.
  const judged = decision ?? (windowEnd === null ? options.lastDecision(subject, at) : undefined);
  const toMs = judged?.windowEnd ?? windowEnd;
  if (toMs === null)
    return 'it names no decision and no time, and nothing had been decided about its subject before it';
  const fromMs = windowStart ?? toMs - judgedWindows * windowMs;
  return { ...about, fromMs, toMs, decisionId: judged?.decisionId ?? null };
};

type Stretch = Pick<Judgement, 'subject' | 'fromMs' | 'toMs'>;
const overlaps = (a: Stretch, b: Stretch): boolean => a.subject === b.subject && a.fromMs < b.toMs && b.fromMs < a.toMs;

const isJudgement = (located: Located): located is Judgement => located.verdict !== 'withdrawn';

const takesBack = (withdrawal: Located, judgement: Judgement): boolean =>
  withdrawal.by === judgement.by &&
  (withdrawal.decisionId === null || judgement.decisionId === null
    ? overlaps(withdrawal, judgement)
    : withdrawal.decisionId === judgement.decisionId);

/**
 * Turn labels into judgements of stretches of time. What one analyst says later about the same stretch replaces what the
 * same one said before, and can be taken back; what two analysts say that cannot both be true is left out, both of it.
 *
 * @returns judgements in order of time, and the labels that were left out
 */
export const resolveLabels = (
  labels: readonly Label[],
  options: ResolveOptions,
): { judgements: Judgement[]; refused: RefusedLabel[] } => {
  const refused: RefusedLabel[] = [];
  const located: { judgement: Judgement; label: Label }[] = [];
  for (const label of labels.toSorted((a, b) => a.at - b.at)) {
    const judgement = locate(label, options);
    if (typeof judgement === 'string') {
      refused.push({ label, why: judgement });
      continue;
    }
    if (!isJudgement(judgement)) {
      for (let i = located.length - 1; i >= 0; i--)
        if (takesBack(judgement, located[i]!.judgement))
          refused.push({ label: located.splice(i, 1)[0]!.label, why: `${judgement.by} took it back later` });
      continue;
    }
    for (let i = located.length - 1; i >= 0; i--) {
      const before = located[i]!;
      if (!overlaps(before.judgement, judgement) || before.judgement.by !== judgement.by) continue;
      // Adjacent decisions of one incident may be judged alike: only another verdict is a correction.
      if (before.judgement.verdict === judgement.verdict) continue;
      located.splice(i, 1);
      refused.push({
        label: before.label,
        why: `${judgement.by} corrected it later, to ${words[judgement.verdict]}`,
      });
    }
    located.push({ judgement, label });
  }
  const contradicted = located.map(({ judgement }) =>
    located.find(
      (other) => overlaps(other.judgement, judgement) && isMalicious(other.judgement) !== isMalicious(judgement),
    ),
  );
  const judgements: Judgement[] = [];
  located.forEach(({ judgement, label }, i) => {
    const other = contradicted[i]?.judgement;
    if (!other) judgements.push(judgement);
    else
      refused.push({
        label,
        why: `${other.by} calls the same time of ${other.subject} ${words[other.verdict]}, ${judgement.by} ${words[judgement.verdict]}: they contradict`,
      });
  });
  return { judgements: judgements.sort((a, b) => a.toMs - b.toMs || (a.subject < b.subject ? -1 : 1)), refused };
};
