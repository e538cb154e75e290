/** Name of a pipeline that has a policy. */
export type PolicyPipeline = 'lifecycle' | 'scope' | 'keylife' | 'preprovision';

/** One value of a policy that a page can offer to change. */
export interface PolicyField {
  /** Names on the way to it, joined by dots: `budgetForAll.actions`. */
  readonly path: string;
  readonly about: string;
  /**
   * `texts` is a list of texts, `rows` a list of `columns`; `entries` has something by names that are chosen freely: a number, or
   * `columns`, in whose paths `*` stands for the name. Of `json` only its text can be changed.
   */
  readonly kind: 'number' | 'choice' | 'text' | 'switch' | 'texts' | 'rows' | 'entries' | 'json';
  readonly whole: boolean;
  readonly nullable: boolean;
  /** Whether an entry may do without. */
  readonly optional: boolean;
  /** Least and greatest value, of a list its least length; null where there is none. */
  readonly least: number | null;
  readonly most: number | null;
  /** What it can be, or what a text may well be. */
  readonly options: readonly string[];
  readonly columns: readonly PolicyField[];
}

/** Something wrong with a draft: at which path, such as `ranges.1.upTo`, and what. */
export interface PolicyProblem {
  readonly path: string;
  readonly message: string;
}

/** A policy with who put it in force. */
export interface PolicyVersion {
  readonly policy: Readonly<Record<string, unknown>>;
  readonly version: string;
  /** Who set it; empty for the default. */
  readonly by: string;
  /** Epoch milliseconds; null for the default. */
  readonly at: number | null;
  readonly reason: string;
  readonly source: 'person' | 'configuration' | 'default';
}

/** The policy of a pipeline, and those before it. */
export interface PolicyView {
  readonly pipeline: PolicyPipeline;
  readonly current: PolicyVersion;
  /** Mode that a setting of its own puts in force instead of the policy's; null where none does. */
  readonly modeSet: 'shadow' | 'enforce' | null;
  /** What an undo goes back to; null where there is nothing. */
  readonly previous: PolicyVersion | null;
  /** Earlier ones that people set, the newest first. */
  readonly history: readonly PolicyVersion[];
}

/** A pipeline as the policy editor gets it. */
export interface EditablePolicy extends PolicyView {
  readonly fields: readonly PolicyField[];
  /** Whether a draft can be tried on the archive. */
  readonly canPreview: boolean;
}

/** What a decision would do. */
export interface PolicyDeed {
  readonly action: string;
  readonly newTtlMs: number;
  /** Narrowest scope that a caller would come to; empty where it is about a life. */
  readonly newScope: string;
  /** Why it would be withheld; empty where it would not. */
  readonly withheld: string;
  /** Why, or what would have come of it. */
  readonly reason: string;
}

/** One subject's TTL over time: from each time on, so many milliseconds. */
export type TtlCourse = readonly { readonly at: number; readonly ttlMs: number }[];

/** What preparing credentials would have brought one user, and cost. */
export interface PreparedView {
  readonly prepared: number;
  /** Visits for which one lay ready. */
  readonly hits: number;
  /** Minutes that they lay, until they were used or ended. */
  readonly unusedMinutes: number;
}

/** What a draft of a policy would have done, beside the policy in force. */
export interface PreviewView {
  readonly pipeline: PolicyPipeline;
  /** As `ebbtide replay` names them; those of the policy in force begin with `against`. */
  readonly figures: Readonly<Record<string, number>>;
  /** What was asked for, and where event time began and ended; epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly span: { readonly from: number; readonly to: number };
  readonly warnings: readonly string[];
  /** Of keys: how many would live how long, the longest first; empty where it is about something else. */
  readonly lives: readonly { readonly lifeMs: number; readonly draft: number; readonly inForce: number }[];
  /** Of pre-provisioning: what it would have meant for each user, those first of whom most decisions differ; else empty. */
  readonly users: readonly {
    readonly user: string;
    /** Hours in which the user came to a machine. */
    readonly visits: number;
    readonly differing: number;
    readonly draft: PreparedView;
    readonly inForce: PreparedView;
  }[];
  /** Decisions, callers or people that differ; decisions the newest first. */
  readonly differences: readonly {
    /** Whose page shows more. */
    readonly subject: string;
    /** What it is called where that is not the subject: a person's pseudonym. */
    readonly name: string;
    readonly at: number;
    readonly draft: PolicyDeed | null;
    readonly inForce: PolicyDeed | null;
  }[];
  readonly courses: readonly {
    readonly subject: string;
    readonly verdict: 'malicious' | 'benign' | null;
    readonly draft: TtlCourse;
    readonly inForce: TtlCourse;
  }[];
}
