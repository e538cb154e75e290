/** What pages show of the archive: plain data, that a browser knows too. */

/** How models do in the archive. */
export interface ModelHealth {
  /** What each version scored, and how often its p-values were that small; of a model that fits, 0.01 and 0.05. */
  readonly versions: readonly {
    readonly pipeline: string;
    readonly role: string;
    readonly modelVersion: string;
    readonly scored: number;
    readonly meanScore: number;
    readonly withinOne: number;
    readonly withinFive: number;
    readonly firstAt: number;
    readonly lastAt: number;
  }[];
  /** Share of p-values of 0.05 and less, over time. */
  readonly uniformity: readonly { readonly pipeline: string; readonly at: number; readonly share: number }[];
  readonly drifts: readonly {
    readonly at: number;
    readonly subject: string;
    readonly pipeline: string;
    readonly kind: string;
    readonly severity: string;
    readonly summary: string;
  }[];
}

/** Callers of the gateway, what they may do, and what was refused to them. */
export interface ScopeView {
  /** Those at risk, narrowed or refused, by their last risk. */
  readonly callers: readonly {
    readonly subject: string;
    /** 0 to 100. */
    readonly lastRisk: number;
    readonly highestRisk: number;
    /** When last assessed; null for callers of whom there is an override or a refusal alone. */
    readonly seenAt: number | null;
    readonly refused: number;
    readonly services: readonly { readonly service: string; readonly scope: string }[];
  }[];
  readonly overrides: readonly {
    readonly subject: string;
    readonly scope: string;
    readonly service: string | null;
    readonly mode: string;
    readonly risk: number;
    readonly expiresAt: number | null;
    readonly reasons: readonly string[];
    readonly at: number;
  }[];
  readonly overTime: readonly { readonly at: number; readonly allCalls: number; readonly refused: number }[];
  readonly services: readonly {
    readonly service: string;
    readonly scope: string;
    readonly allCalls: number;
    readonly refused: number;
  }[];
  readonly decisions: readonly {
    readonly at: number;
    readonly subject: string;
    readonly action: string;
    readonly mode: string;
    readonly withheld: string;
    readonly risk: number;
    readonly oldScope: string;
    readonly newScope: string;
    readonly reason: string;
  }[];
}

/** How long keys live, and which were cut short. */
export interface KeysView {
  readonly classes: readonly {
    readonly class: string;
    readonly keys: number;
    readonly shortestMs: number;
    readonly longestMs: number;
  }[];
  readonly granted: readonly { readonly at: number; readonly class: string; readonly keys: number }[];
  /** Cuts by the comparison of behaviour that gave them away; risks 0 to 1. */
  readonly comparisons: readonly {
    readonly comparison: string;
    readonly cuts: number;
    readonly meanRisk: number;
    readonly highestRisk: number;
  }[];
  readonly risk: readonly { readonly at: number; readonly mean: number; readonly highestScore: number }[];
  /** What spoke for and against holders of keys, by what was compared: sign-ins and bursts of sessions. */
  readonly modalities: readonly {
    readonly modality: string;
    readonly comparisons: number;
    readonly keys: number;
    /** What it added to the log odds of somebody else. */
    readonly meanLogOdds: number;
    /** Share of comparisons that spoke for somebody else. */
    readonly against: number;
  }[];
  readonly deeds: readonly {
    readonly action: string;
    readonly mode: string;
    readonly decisions: number;
    readonly keys: number;
  }[];
  /** Keys in force, those of them that end within an hour, and those that were ended in the range before their time. */
  readonly now: { readonly keys: number; readonly ending: number; readonly endedEarly: number };
  readonly decisions: readonly {
    readonly at: number;
    readonly subject: string;
    readonly action: string;
    readonly mode: string;
    readonly withheld: string;
    readonly risk: number;
    readonly oldTtlMs: number;
    readonly newTtlMs: number;
    readonly reason: string;
  }[];
}

/** What is prepared, what that brought, and what it cost. */
export interface ProvisioningView {
  /** All, then user by user, at most 100 of them. */
  readonly reports: readonly ProvisioningReport[];
  /** Pairs of user and machine by how they stand now. */
  readonly states: readonly { readonly state: string; readonly pairs: number }[];
  /** Those that are ready first, then the latest. */
  readonly pairs: readonly {
    readonly user: string;
    readonly vm: string;
    readonly state: string;
    readonly method: string;
    readonly probability: number;
    readonly risk: number;
    readonly predictedAt: number | null;
    readonly windowEnd: number;
    readonly expiresAt: number | null;
    readonly at: number;
  }[];
  readonly requests: readonly { readonly stepAt: number; readonly requests: number; readonly hits: number }[];
  readonly exposure: readonly { readonly at: number; readonly usedMinutes: number; readonly wastedMinutes: number }[];
}

/** What preparing credentials brought and cost: of one user, or of all where `user` is null. */
export interface ProvisioningReport {
  readonly user: string | null;
  /** Requests that were served. */
  readonly requests: number;
  /** Of these, served by what had been prepared. */
  readonly hits: number;
  /** hits / requests, 0 to 1; null without requests. */
  readonly hitRate: number | null;
  /** Secrets that were prepared. */
  readonly prepared: number;
  /** Of these, nobody asked for, and they lie no more. */
  readonly wasted: number;
  /** Minutes that prepared secrets lay, all together. */
  readonly secretMinutes: number;
  /** Of these, of secrets that nobody asked for. */
  readonly wastedSecretMinutes: number;
  /** Median time of a hand-over, milliseconds; null where there was none. */
  readonly handOverMs: number | null;
  /** Median time of making a credential on demand, milliseconds; null where there was none. */
  readonly generateMs: number | null;
  /**
   * Waiting saved, seconds: for each hit, the median time of making one of its method on demand less its own; null where
   * none was made on demand. It may be negative.
   */
  readonly waitingSavedS: number | null;
}

/** The profile of a user, of telemetry of accesses: when, how often, by what and where. */
export interface AccessView {
  readonly user: string;
  /** IANA name of the zone whose days and hours are meant. */
  readonly zone: string;
  readonly facts: {
    /** Logins and uses that succeeded, and those that did not. */
    readonly accesses: number;
    readonly failed: number;
    /** Days, and hours, with an access. */
    readonly days: number;
    readonly hours: number;
    /** Accesses with more than an hour between them are of two sessions. */
    readonly sessions: number;
    /** Median time from one session's last access to the next one's first, hours; null with fewer than two sessions. */
    readonly medianGapH: number | null;
    readonly addresses: number;
    readonly firstAt: number | null;
    readonly lastAt: number | null;
  };
  /** Hours with an access by weekday, Monday is 1, and hour of the day; those without are left out. */
  readonly week: readonly { readonly weekday: number; readonly hour: number; readonly active: number }[];
  /** What was logged in by, and used. */
  readonly applications: readonly {
    readonly application: string;
    readonly uses: number;
    readonly failed: number;
    readonly machines: readonly string[];
    readonly lastAt: number;
  }[];
  readonly machines: readonly {
    readonly vm: string;
    readonly accesses: number;
    readonly hours: number;
    readonly lastAt: number;
    /** created, running, stopped or archived; null where nothing was told. */
    readonly state: string | null;
    readonly since: number | null;
    /** How a credential for it stands, and what was foreseen when it was prepared; null where none ever was. */
    readonly stands: string | null;
    readonly probability: number | null;
    readonly predictedAt: number | null;
  }[];
  /** Changes of state of the user's machines, the latest first. */
  readonly transitions: readonly { readonly vm: string; readonly state: string; readonly at: number }[];
  /** Scheduled jobs of the user: when each is due next, as was told last. */
  readonly jobs: readonly {
    readonly vm: string;
    readonly application: string;
    readonly due: number;
    readonly toldAt: number;
  }[];
}
