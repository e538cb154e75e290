import type { CredentialFacts } from '../../operators/decideTtl.ts';
import type { Decision } from '../../schemas/generated/index.ts';
import { Account, type TtlStep } from './account.ts';
import type { LaneOutput } from './lane.ts';
import type { Verdict } from './verdicts.ts';

/** Figures of one lane, by name. A figure that nothing speaks of is absent, such as the time to revoke of nobody. */
export const laneFigures = [
  'windows',
  'decisions',
  'extensions',
  'shortenings',
  'revocations',
  'withheldDecisions',
  'alerts',
  'subjects',
  'benignSubjects',
  'maliciousSubjects',
  'falseRevocations',
  'trueRevocations',
  'unlabelledRevocations',
  'falseShortenings',
  'missedMalicious',
  'ttlHoursBenign',
  'ttlHoursMalicious',
  'ttlHoursUnlabelled',
  'meanTimeToRevokeS',
  'medianTimeToRevokeS',
  'alertsPerDay',
  'harshDecisionsPerDay',
  'analystItemsPerDay',
] as const;

export type LaneFigure = (typeof laneFigures)[number];

const hours = (ms: number) => ms / 3_600_000;
const dayMs = 86_400_000;

type Kinds = Readonly<Record<'benign' | 'malicious' | 'unlabelled', number>>;

const noCounts = {
  windows: 0,
  decisions: 0,
  extensions: 0,
  shortenings: 0,
  revocations: 0,
  withheldDecisions: 0,
  alerts: 0,
  alertsOfDecisions: 0,
  falseRevocations: 0,
  trueRevocations: 0,
  unlabelledRevocations: 0,
  falseShortenings: 0,
};

/** What a ledger came to. Subjects of one are in no other, so that those of several can be added. */
export interface LedgerSummary {
  /** Event time from the first window to the end of the last, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly counts: Readonly<typeof noCounts> & { readonly missedMalicious: number };
  readonly subjects: Kinds;
  /** Milliseconds of validity. */
  readonly granted: Kinds;
  /** Seconds. */
  readonly timesToRevoke: readonly number[];
}

const added = <T extends Readonly<Record<string, number>>>(all: readonly T[]): T => {
  const sum: Record<string, number> = {};
  for (const one of all) for (const [name, value] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + value;
  return sum as T;
};

/** Event time over all ledgers of a lane. */
export const spanOf = (all: readonly LedgerSummary[]): { readonly from: number; readonly to: number } => ({
  from: Math.min(...all.map(({ from }) => from)),
  to: Math.max(...all.map(({ to }) => to)),
});

/** The figures of a lane. @param all - of its ledgers, 1 and up */
export const figuresOf = (all: readonly LedgerSummary[]): Partial<Record<LaneFigure, number>> => {
  const { alertsOfDecisions, ...counts } = added(all.map((one) => one.counts));
  const subjects = added(all.map((one) => one.subjects));
  const granted = added(all.map((one) => one.granted));
  const timesToRevoke = all.flatMap((one) => one.timesToRevoke);
  const { from, to } = spanOf(all);
  const days = (to - from) / dayMs;
  const harsh = counts.shortenings + counts.revocations;
  return {
    ...counts,
    subjects: subjects.benign + subjects.malicious + subjects.unlabelled,
    benignSubjects: subjects.benign,
    maliciousSubjects: subjects.malicious,
    ttlHoursBenign: hours(granted.benign),
    ttlHoursMalicious: hours(granted.malicious),
    ttlHoursUnlabelled: hours(granted.unlabelled),
    ...(timesToRevoke.length > 0 ? revokeTimes(timesToRevoke) : {}),
    ...(days > 0
      ? {
          alertsPerDay: counts.alerts / days,
          harshDecisionsPerDay: harsh / days,
          // An alert about a decision and the decision are looked at as one
          analystItemsPerDay: (counts.alerts - alertsOfDecisions + harsh + counts.withheldDecisions) / days,
        }
      : {}),
  };
};

/** What one lane did, added up. Memory goes with the number of subjects, not with that of samples. */
export class Ledger {
  readonly #verdicts: ReadonlyMap<string, Verdict>;
  readonly #facts: (partition: number, subject: string) => CredentialFacts | undefined;
  readonly #accounts = new Map<string, Account>();
  readonly #counts = { ...noCounts };
  #beganAt = Number.POSITIVE_INFINITY;
  #endedAt = Number.NEGATIVE_INFINITY;
  #stepsKept = 0;

  /**
   * @param verdicts - what is known of subjects
   * @param facts - the register's entry of a subject
   */
  constructor(
    verdicts: ReadonlyMap<string, Verdict>,
    facts: (partition: number, subject: string) => CredentialFacts | undefined,
  ) {
    this.#verdicts = verdicts;
    this.#facts = facts;
  }

  add({ partition, warmUp, scores, decisions, alerts }: LaneOutput): void {
    for (const { subject, windowStart, windowEnd } of scores) {
      const account = this.#open(partition, subject);
      if (warmUp) continue;
      this.#passTo(windowStart, windowEnd);
      account.begin(windowStart);
    }
    for (const decision of decisions) this.#apply(partition, decision, !warmUp);
    if (warmUp) return;
    this.#counts.windows += scores.length;
    this.#counts.alerts += alerts.length;
    for (const { decisionId } of alerts) if (decisionId !== null) this.#counts.alertsOfDecisions++;
  }

  /** The course of a subject's TTL, undefined where it was not kept. */
  stepsOf(subject: string): readonly TtlStep[] | undefined {
    return this.#accounts.get(subject)?.steps;
  }

  /** Subjects whose course was kept and moved. */
  *followed(): IterableIterator<string> {
    for (const [subject, { steps }] of this.#accounts) if (steps && steps.length > 1) yield subject;
  }

  /** What it came to; nothing may be added afterwards. */
  summary(): LedgerSummary {
    const granted = { benign: 0, malicious: 0, unlabelled: 0 };
    const subjects = { benign: 0, malicious: 0, unlabelled: 0 };
    const timesToRevoke: number[] = [];
    let missedMalicious = 0;
    for (const [subject, account] of this.#accounts) {
      if (account.beganAt === undefined) continue;
      account.finish();
      const verdict = this.#verdicts.get(subject);
      const kind = verdict?.kind ?? 'unlabelled';
      subjects[kind]++;
      granted.malicious += account.maliciousMs;
      granted[kind === 'unlabelled' ? kind : 'benign'] += account.benignMs;
      if (verdict?.kind !== 'malicious') continue;
      if (account.revokedAt === undefined) missedMalicious++;
      else timesToRevoke.push(Math.max(0, account.revokedAt - (verdict.onset ?? account.beganAt)) / 1000);
    }
    const counts = { ...this.#counts, missedMalicious };
    return { from: this.#beganAt, to: this.#endedAt, counts, subjects, granted, timesToRevoke };
  }

  #apply(partition: number, decision: Decision, inRange: boolean): void {
    const { subject, action, withheld, decidedAt, newTtlMs } = decision;
    const account = this.#open(partition, subject);
    if (inRange) {
      this.#passTo(decision.windowEnd, decidedAt);
      account.begin(decision.windowEnd);
    }
    if (withheld === '') {
      if (action === 'revoke') account.revoke(decidedAt);
      else if (action !== 'keep') account.grant(decidedAt, newTtlMs);
    }
    if (!inRange) return;
    const counts = this.#counts;
    counts.decisions++;
    if (withheld !== '') counts.withheldDecisions++;
    else if (action === 'extend') counts.extensions++;
    else if (action === 'shorten' || action === 'revoke') this.#countHarsh(decision);
  }

  #countHarsh({ subject, action, decidedAt }: Decision): void {
    const counts = this.#counts;
    const verdict = this.#verdicts.get(subject);
    const malicious = verdict?.kind === 'malicious' && decidedAt >= verdict.maliciousFrom;
    if (action === 'shorten') {
      counts.shortenings++;
      if (verdict && !malicious) counts.falseShortenings++;
      return;
    }
    counts.revocations++;
    if (!verdict) counts.unlabelledRevocations++;
    else if (malicious) counts.trueRevocations++;
    else counts.falseRevocations++;
  }

  #open(partition: number, subject: string): Account {
    const known = this.#accounts.get(subject);
    if (known) return known;
    const verdict = this.#verdicts.get(subject);
    const keepSteps = verdict?.kind === 'malicious' ? this.#stepsKept < 256 : this.#stepsKept < 128;
    if (keepSteps) this.#stepsKept++;
    const account = new Account(
      verdict?.kind === 'malicious' ? verdict.maliciousFrom : Number.POSITIVE_INFINITY,
      keepSteps,
    );
    this.#accounts.set(subject, account);
    const facts = this.#facts(partition, subject);
    if (facts) account.grant(facts.issuedAt, facts.ttlMs);
    return account;
  }

  #passTo(from: number, to: number): void {
    this.#beganAt = Math.min(this.#beganAt, from);
    this.#endedAt = Math.max(this.#endedAt, to);
  }
}

const revokeTimes = (seconds: readonly number[]) => {
  const sorted = seconds.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return {
    meanTimeToRevokeS: seconds.reduce((sum, one) => sum + one, 0) / seconds.length,
    medianTimeToRevokeS: sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
  };
};
