import type { Visit } from './visits.ts';

/** How a credential moves through the operations of the service of which it knows most. */
export interface Walk {
  /** Quantiles 0.1, 0.25, 0.5, 0.75, 0.9 of the logarithms of gaps between visits, ln(s + 0.5); NaN without gaps. */
  readonly quantiles: readonly number[];
  readonly deviation: number;
  /** Of gaps in bins of a factor 1.65, over that of as many gaps that all differ, 0 to 1. */
  readonly gapEntropy: number;
  /** Distinct transitions over transitions, 0 to 1. */
  readonly newTransitions: number;
  /** Visits of an operation seen before, over visits, 0 to 1. */
  readonly revisits: number;
  /** Visits that go back to where the one before came from, 0 to 1. */
  readonly backtracks: number;
  /** Entropy of operations, nats. */
  readonly entropy: number;
  readonly visits: number;
}

const shareCounts = (items: readonly (number | string)[]): Map<number | string, number> => {
  const counts = new Map<number | string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
};

/** Shannon entropy of counts, nats. */
export const entropyOf = (counts: Iterable<number>): number => {
  const all = [...counts];
  const total = all.reduce((sum, count) => sum + count, 0);
  return all.reduce((sum, count) => (count > 0 ? sum - (count / total) * Math.log(count / total) : sum), 0);
};

/** The quantile of values in ascending order, between neighbours linearly; NaN of none. */
export const quantileOf = (sorted: readonly number[], q: number): number => {
  const place = q * (sorted.length - 1);
  const low = Math.floor(place);
  const below = sorted[low];
  if (below === undefined) return Number.NaN;
  return below + (place - low) * ((sorted[low + 1] ?? below) - below);
};

/** Standard deviation; NaN of none. */
export const deviationOf = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

/** ln(s + 0.5) between the beginnings of neighbouring visits. */
export const gapsOf = (visits: readonly Visit[]): number[] =>
  visits.slice(1).map((visit, i) => Math.log(Math.max(0, visit.from - visits[i]!.from) / 1000 + 0.5));

/** Gaps from which a visit is a move of its own, not part of a burst that one step sets off, ms. */
const moveMs = 1000;

/**
 * The service that is walked through: the one in which most distinct operations were moved to, a second or more after
 * the visit before; of equals the one with more distinct operations, then more visits, then the lesser hash.
 */
export const mainService = (visits: readonly Visit[]): number | undefined => {
  interface Tally {
    readonly service: number;
    readonly moves: Set<number>;
    readonly operations: Set<number>;
    visits: number;
    last: number;
  }
  const tallies = new Map<number, Tally>();
  for (const { service, operation, from } of visits) {
    let tally = tallies.get(service);
    if (!tally) {
      tally = { service, moves: new Set(), operations: new Set(), visits: 0, last: Number.NEGATIVE_INFINITY };
      tallies.set(service, tally);
    }
    if (from - tally.last >= moveMs) tally.moves.add(operation);
    tally.operations.add(operation);
    tally.visits++;
    tally.last = from;
  }
  const ahead = (a: Tally, b: Tally) =>
    a.moves.size - b.moves.size ||
    a.operations.size - b.operations.size ||
    a.visits - b.visits ||
    b.service - a.service;
  let best: Tally | undefined;
  for (const tally of tallies.values()) if (!best || ahead(tally, best) > 0) best = tally;
  return best?.service;
};

/** Follow a walk through one service. */
export const walkOf = (visits: readonly Visit[]): Walk => {
  const gaps = gapsOf(visits);
  const sorted = [...gaps].sort((a, b) => a - b);
  const operations = visits.map(({ operation }) => operation);
  const transitions = operations.slice(1).map((operation, i) => `${operations[i]}>${operation}`);
  const distinct = shareCounts(operations);
  const backtracks = operations.slice(2).filter((operation, i) => operation === operations[i]).length;
  const bins = shareCounts(gaps.map((gap) => Math.floor(gap / 0.5)));
  return {
    quantiles: [0.1, 0.25, 0.5, 0.75, 0.9].map((q) => quantileOf(sorted, q)),
    deviation: deviationOf(gaps),
    gapEntropy: gaps.length > 1 ? entropyOf(bins.values()) / Math.log(gaps.length) : Number.NaN,
    newTransitions: transitions.length > 0 ? new Set(transitions).size / transitions.length : Number.NaN,
    revisits: operations.length > 0 ? 1 - distinct.size / operations.length : Number.NaN,
    backtracks: operations.length > 2 ? backtracks / (operations.length - 2) : Number.NaN,
    entropy: entropyOf(distinct.values()),
    visits: visits.length,
  };
};

/**
 * How often a network and client, both other than those of the call before, come back: two callers that share a
 * credential take turns. Somebody who moves on does not come back, and one client over two networks is one caller.
 */
export const turnsTaken = (visits: readonly Visit[]): number => {
  const seen = new Set<string>();
  let before: Visit | undefined;
  let turns = 0;
  for (const visit of visits) {
    const { network, client } = visit;
    if (network === 0) continue;
    const caller = `${network}/${client}`;
    if (before && before.network !== network && before.client !== client && seen.has(caller)) turns++;
    seen.add(caller);
    before = visit;
  }
  return turns;
};
