import { hourOf } from '../../models/access/history.ts';
import { partsOfPair } from '../../models/access/population.ts';
import type { PreprovisionDecision } from '../../operators/preprovision/batch.ts';
import type { HourOutcome } from './replayAccesses.ts';

/** What one policy brought and cost. */
export interface PreparationTally {
  /** Credentials that were prepared. */
  readonly prepared: number;
  /** Of them, those that their user came for. */
  readonly hits: number;
  /** Of them, those that nobody came for until the window ended, or that were taken back before. */
  readonly wasted: number;
  /** Milliseconds that credentials lay, until they were used or ended: the exposure. */
  readonly unusedMs: number;
  /** Credentials that risk, kill switch, machine or budget held back. */
  readonly withheld: number;
}

/** What one policy decided about a pair at the beginning of an hour, and what came of it. */
export interface Preparation {
  /** End of the window, epoch milliseconds. */
  readonly untilMs: number;
  /** Why it was held back; empty where it was prepared. */
  readonly withheld: string;
  /** Chance of a request within the window, 0 to 1. */
  readonly chance: number;
  /** When it was used or ended, epoch milliseconds; null for what was held back, and where the replay ended before. */
  readonly endedAt: number | null;
  /** `used`, or why it ended: `windowEnd`, or what closed the gate; empty where `endedAt` is null. */
  readonly end: string;
}

/** A decision that only one of two policies made, or that they made otherwise. */
export interface DifferingPreparation {
  readonly pair: string;
  /** Beginning of the hour, epoch milliseconds. */
  readonly timeMs: number;
  readonly draft: Preparation | null;
  readonly inForce: Preparation | null;
}

/** What two policies would have meant for one user. */
export interface UserPreparations {
  readonly user: string;
  /** Hours in which the user came to a machine. */
  readonly visits: number;
  /** Decisions that differ. */
  readonly differing: number;
  readonly draft: PreparationTally;
  readonly inForce: PreparationTally;
}

/** What came of two policies. */
export interface PreparationComparison {
  readonly users: readonly UserPreparations[];
  /** Decisions to prepare, held back or not, of each. */
  readonly decisions: { readonly draft: number; readonly inForce: number };
  /** The latest that differ, in order of time. */
  readonly differences: readonly DifferingPreparation[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Lane = 'draft' | 'inForce';
type Kept = Writable<Omit<UserPreparations, Lane>> & Record<Lane, Writable<PreparationTally>>;

const lanes: readonly Lane[] = ['draft', 'inForce'];
const nothing = (): Writable<PreparationTally> => ({ prepared: 0, hits: 0, wasted: 0, unusedMs: 0, withheld: 0 });

/**
 * Sets what a draft would have prepared against what the policy in force would have. A *visit* is an hour in which a user came to a
 * machine: a hit where a credential lay ready for the first access of that hour, else a miss.
 *
 * @example
 * const comparison = new ComparePreparations(fromMs, 60);
 * for (const outcome of outcomes) comparison.add(outcome);
 * const { users } = comparison.finish(toMs);
 */
export class ComparePreparations {
  readonly #fromMs: number;
  readonly #mostListed: number;
  readonly #users = new Map<string, Kept>();
  readonly #lastVisit = new Map<string, number>();
  readonly #open = { draft: new Map<string, Opened>(), inForce: new Map<string, Opened>() };
  readonly #decisions = { draft: 0, inForce: 0 };
  #differences: Writable<DifferingPreparation>[] = [];

  /**
   * @param fromMs - what is before is not counted, epoch milliseconds
   * @param mostListed - differing decisions that are kept, the latest; all are counted
   */
  constructor(fromMs: number, mostListed: number) {
    this.#fromMs = fromMs;
    this.#mostListed = mostListed;
  }

  /**
   * @param outcome - of the draft first, then of the policy in force
   * @param endMs - what begins then or later is passed over, epoch milliseconds
   */
  add({ came, decisions }: HourOutcome, endMs = Number.POSITIVE_INFINITY): void {
    for (const { pair, timeMs } of came) {
      const hour = hourOf(timeMs);
      if (timeMs < this.#fromMs || this.#lastVisit.get(pair) === hour) continue;
      this.#lastVisit.set(pair, hour);
      this.#userOf(pair).visits++;
    }
    const begun = new Map<string, Writable<DifferingPreparation>>();
    lanes.forEach((lane, index) => {
      for (const decision of decisions[index]!) {
        if (decision.timeMs >= endMs && (decision.action === 'prepare' || decision.action === 'withhold')) continue;
        const begins = this.#take(lane, decision);
        if (!begins || decision.timeMs < this.#fromMs) continue;
        this.#decisions[lane]++;
        const { pair, timeMs } = decision;
        const both = begun.get(pair) ?? { pair, timeMs, draft: null, inForce: null };
        both[lane] = begins;
        begun.set(pair, both);
      }
    });
    for (const one of begun.values()) {
      if (same(one.draft, one.inForce)) continue;
      this.#userOf(one.pair).differing++;
      this.#differences.push(one);
    }
    if (this.#differences.length > 2 * this.#mostListed) this.#differences = this.#differences.slice(-this.#mostListed);
  }

  /** @param atMs - until when what is still prepared has lain, epoch milliseconds */
  finish(atMs: number): PreparationComparison {
    for (const lane of lanes)
      for (const [pair, { sinceMs, preparation }] of this.#open[lane])
        this.#lay(lane, pair, sinceMs, Math.min(atMs, preparation.untilMs));
    return {
      users: [...this.#users.values()],
      decisions: { ...this.#decisions },
      differences: this.#differences.slice(-this.#mostListed),
    };
  }

  #take(lane: Lane, decision: PreprovisionDecision): Preparation | undefined {
    const { action, pair, timeMs, untilMs, reason, weighed } = decision;
    const open = this.#open[lane];
    const counts = timeMs >= this.#fromMs;
    if (action === 'prepare' || action === 'withhold') {
      const preparation = { untilMs, withheld: reason, chance: weighed?.chance ?? 0, endedAt: null, end: '' };
      if (counts) this.#userOf(pair)[lane][action === 'prepare' ? 'prepared' : 'withheld']++;
      if (action === 'prepare') open.set(pair, { sinceMs: timeMs, preparation });
      return preparation;
    }
    const opened = open.get(pair);
    open.delete(pair);
    if (opened) {
      Object.assign(opened.preparation, { endedAt: timeMs, end: action === 'used' ? 'used' : reason });
      this.#lay(lane, pair, opened.sinceMs, timeMs);
    }
    if (counts) this.#userOf(pair)[lane][action === 'used' ? 'hits' : 'wasted']++;
    return undefined;
  }

  #lay(lane: Lane, pair: string, sinceMs: number, untilMs: number): void {
    const lay = untilMs - Math.max(sinceMs, this.#fromMs);
    if (lay > 0) this.#userOf(pair)[lane].unusedMs += lay;
  }

  #userOf(pair: string): Kept {
    const { user } = partsOfPair(pair);
    let kept = this.#users.get(user);
    if (!kept) {
      kept = { user, visits: 0, differing: 0, draft: nothing(), inForce: nothing() };
      this.#users.set(user, kept);
    }
    return kept;
  }
}

interface Opened {
  readonly sinceMs: number;
  readonly preparation: Writable<Preparation>;
}

const same = (one: Preparation | null, other: Preparation | null): boolean =>
  one?.untilMs === other?.untilMs && one?.withheld === other?.withheld;
