import { Profile } from '../../models/scope/profile.ts';
import type { ScopeState } from '../../schemas/generated/index.ts';
import type { ThreatMatch } from '../../schemas/threat.ts';
import { noScopeRule, type ScopeRuleState } from './scopeRule.ts';

/** Layout of the changelog's records that this code writes and reads. */
export const scopeStateVersion = 1;

/** What one partition knows of a frontend credential. */
export interface Credential {
  readonly name: string;
  readonly profile: Profile;
  rule: ScopeRuleState;
  /** The one service that stays open; empty unless the scope in force is a single service. */
  service: string;
  /** The scope that was written last, in full; empty where no override is in force. */
  scope: string;
  /** Group of callers by its last call; empty for none. */
  group: string;
  /** Whether the override in force was written for gateways to apply. */
  enforced: boolean;
  /** When a label about it took effect last, and when a narrowing was withheld last, epoch milliseconds. */
  labelledAt: number;
  withheldAt: number;
  /** Times of narrowings, oldest first. */
  budget: number[];
  /** Threat indicators matched lately, and when last, by feed and indicator. */
  readonly threats: Map<string, ThreatMatch & { readonly at: number }>;
  /** Everything before this offset is in its state already. */
  readonly coveredBefore: number;
  /** First offset that its saved state does not cover, Infinity where it covers all, and the partition's time before. */
  neededFrom: number;
  neededTime: number;
}

/** The credentials of one partition. */
export class Credentials {
  readonly #all = new Map<string, Credential>();

  get size(): number {
    return this.#all.size;
  }

  find(name: string): Credential | undefined {
    return this.#all.get(name);
  }

  /** The credential of a name, made when there is none. */
  of(name: string): Credential {
    const known = this.#all.get(name);
    if (known) return known;
    const made: Credential = {
      name,
      profile: new Profile(),
      rule: noScopeRule,
      service: '',
      scope: '',
      group: '',
      enforced: false,
      labelledAt: 0,
      withheldAt: 0,
      budget: [],
      threats: new Map(),
      coveredBefore: 0,
      neededFrom: Number.POSITIVE_INFINITY,
      neededTime: 0,
    };
    this.#all.set(name, made);
    return made;
  }

  /** Put a record of the changelog in. */
  load(record: ScopeState): void {
    const { decided } = record;
    const at = (i: number) => decided[i] ?? 0;
    this.#all.set(record.subject, {
      name: record.subject,
      profile: new Profile(record),
      rule: {
        risk: at(0),
        at: at(1),
        level: at(2),
        above: at(3),
        aboveLevel: at(4),
        below: at(5),
        belowLevel: at(6),
        expiresAt: at(7),
      },
      service: record.service,
      scope: record.scope,
      group: record.group,
      enforced: at(8) === 1,
      labelledAt: at(9),
      withheldAt: at(10),
      budget: [...record.budget],
      threats: new Map(
        Object.entries(record.threats).map(([key, [confidence, seenAt]]) => {
          const [feed, indicator] = key.split('\n') as [string, string];
          return [key, { feed, indicator, confidence: confidence!, at: seenAt! }];
        }),
      ),
      coveredBefore: record.processedOffset,
      neededFrom: Number.POSITIVE_INFINITY,
      neededTime: 0,
    });
  }

  remove(name: string): void {
    this.#all.delete(name);
  }

  all(): IterableIterator<Credential> {
    return this.#all.values();
  }

  /** Where the rebuild of every credential has to begin: the least `neededFrom` and the time before it. */
  rewind(): { offset: number; time: number } | undefined {
    let least: Credential | undefined;
    for (const one of this.#all.values()) if (!least || one.neededFrom < least.neededFrom) least = one;
    return least && least.neededFrom !== Number.POSITIVE_INFINITY
      ? { offset: least.neededFrom, time: least.neededTime }
      : undefined;
  }
}

/** The changelog's record of a credential. */
export const recordOf = (one: Credential, processedOffset: number): ScopeState => {
  const { rule } = one;
  return {
    ...noScopeState,
    ...one.profile.save(),
    subject: one.name,
    processedOffset,
    budget: one.budget,
    threats: Object.fromEntries([...one.threats].map(([key, { confidence, at }]) => [key, [confidence, at]])),
    decided: [
      rule.risk,
      rule.at,
      rule.level,
      rule.above,
      rule.aboveLevel,
      rule.below,
      rule.belowLevel,
      rule.expiresAt,
      one.enforced ? 1 : 0,
      one.labelledAt,
      one.withheldAt,
    ],
    service: one.service,
    scope: one.scope,
    group: one.group,
  };
};

/** A record with nothing in it. */
export const noScopeState: ScopeState = {
  subject: '',
  version: scopeStateVersion,
  processedOffset: 0,
  rewindOffset: 0,
  rewindTime: 0,
  controlOffset: 0,
  labelsOffset: 0,
  modelSequence: 0,
  budget: [],
  closedThrough: 0,
  windows: 0,
  visits: [],
  window: [],
  windowServices: {},
  baseline: [],
  services: {},
  seen: {},
  threats: {},
  carried: [],
  modelVersion: '',
  carriedBeside: [],
  versionBeside: '',
  decided: [],
  service: '',
  scope: '',
  group: '',
};
