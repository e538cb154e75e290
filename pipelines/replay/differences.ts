import type { Decision } from '../../schemas/generated/index.ts';
import type { LaneOutput } from './lane.ts';

/** A decision that two lanes do not share: one of both is absent, or they do different things. */
export interface Difference {
  readonly subject: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly here: Decision | undefined;
  readonly there: Decision | undefined;
}

/** Figures of a comparison. */
export const comparisonFigures = [
  'differingDecisions',
  'onlyHere',
  'onlyAgainst',
  'changedDecisions',
  'differingSubjects',
] as const;

export type ComparisonFigure = (typeof comparisonFigures)[number];

/** What differs; subjects of one are in no other, so that those of several can be added. */
export interface DifferencesSummary {
  readonly onlyHere: number;
  readonly onlyAgainst: number;
  readonly changedDecisions: number;
  readonly differingSubjects: number;
  readonly listed: readonly Difference[];
}

const mostListed = 1000;
const harsh = (decision: Decision | undefined) =>
  decision !== undefined && decision.withheld === '' && (decision.action === 'revoke' || decision.action === 'shorten');

/** Whether two decisions on one window do the same to the credential. */
const same = (a: Decision, b: Decision): boolean =>
  a.action === b.action && a.withheld === b.withheld && a.newTtlMs === b.newTtlMs && a.mode === b.mode;

const inTime = (a: Difference, b: Difference) => a.at - b.at || (a.subject < b.subject ? -1 : 1);

/** Add up what differs. */
export const joinDifferences = (
  all: readonly DifferencesSummary[],
): { readonly figures: Record<ComparisonFigure, number>; readonly listed: readonly Difference[] } => {
  const sum = (of: (one: DifferencesSummary) => number) => all.reduce((total, one) => total + of(one), 0);
  const onlyHere = sum((one) => one.onlyHere);
  const onlyAgainst = sum((one) => one.onlyAgainst);
  const changedDecisions = sum((one) => one.changedDecisions);
  const differingSubjects = sum((one) => one.differingSubjects);
  const differingDecisions = onlyHere + onlyAgainst + changedDecisions;
  const mild = (one: Difference) => Number(!harsh(one.here) && !harsh(one.there));
  const listed = all
    .flatMap((one) => one.listed)
    .toSorted((a, b) => mild(a) - mild(b) || inTime(a, b))
    .slice(0, mostListed)
    .toSorted(inTime);
  return { figures: { differingDecisions, onlyHere, onlyAgainst, changedDecisions, differingSubjects }, listed };
};

/**
 * Decisions that differ between two lanes, matched by their identifiers batch by batch: both lanes close a window at
 * the same message, so nothing has to be kept until later.
 */
export class Differences {
  /** The first of them; harsh ones push others out once there are too many. */
  readonly listed: Difference[] = [];
  readonly #subjects = new Set<string>();
  readonly #counts = { onlyHere: 0, onlyAgainst: 0, changedDecisions: 0 };

  add(here: readonly LaneOutput[], there: readonly LaneOutput[]): void {
    const others = new Map<string, Decision>();
    for (const { warmUp, decisions } of there)
      if (!warmUp) for (const decision of decisions) others.set(decision.decisionId, decision);
    for (const { warmUp, decisions } of here) {
      if (warmUp) continue;
      for (const decision of decisions) {
        const other = others.get(decision.decisionId);
        others.delete(decision.decisionId);
        if (!other) this.#note('onlyHere', decision, undefined);
        else if (!same(decision, other)) this.#note('changedDecisions', decision, other);
      }
    }
    for (const other of others.values()) this.#note('onlyAgainst', undefined, other);
  }

  /** Subjects with differing decisions. */
  get subjects(): ReadonlySet<string> {
    return this.#subjects;
  }

  summary(): DifferencesSummary {
    return { ...this.#counts, differingSubjects: this.#subjects.size, listed: this.listed };
  }

  #note(
    kind: 'onlyHere' | 'onlyAgainst' | 'changedDecisions',
    here: Decision | undefined,
    there: Decision | undefined,
  ) {
    this.#counts[kind]++;
    const { subject, decidedAt } = (here ?? there)!;
    this.#subjects.add(subject);
    const difference = { subject, at: decidedAt, here, there };
    if (this.listed.length < mostListed) {
      this.listed.push(difference);
      return;
    }
    if (!harsh(here) && !harsh(there)) return;
    const mild = this.listed.findLastIndex((one) => !harsh(one.here) && !harsh(one.there));
    if (mild < 0) return;
    this.listed.splice(mild, 1);
    this.listed.push(difference);
  }
}
