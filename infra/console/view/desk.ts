import type { Credential } from '../../../schemas/generated/Credential.ts';
import type { Decision } from '../../../schemas/generated/Decision.ts';
import type { Effect } from '../../../schemas/generated/Effect.ts';
import type { Label } from '../../../schemas/generated/Label.ts';

/** What the console says of its desk to every page: numbers only, lists are asked for. */
export interface DeskView {
  /** `none`: there is no archive; `away`: it does not answer. */
  readonly archive: 'none' | 'there' | 'away';
  /** Since when it does not answer, epoch milliseconds. */
  readonly archiveSince: number | null;
  /** `version` counts up with each change; `waiting` is how many entries nobody has judged. */
  readonly queue: { readonly version: number; readonly waiting: number };
  /** `version` counts up with each change; `open` is how many are not closed. */
  readonly investigations: { readonly version: number; readonly open: number };
  /** `version` counts up with each alert and what becomes of it; `open` is how many nobody has seen to. */
  readonly alerts: { readonly version: number; readonly open: number };
  /** `version` counts up with each thing that people do. */
  readonly record: { readonly version: number };
  /** `version` counts up with each step of a request; `waiting` is how many wait for a second person. */
  readonly approvals: { readonly version: number; readonly waiting: number };
  /** What pages read whole, each by a number that counts up when it may have changed: it is then read anew. */
  readonly versions: Readonly<Record<Versioned, number>>;
}

/** Sums of the archive: they change once the archive has taken in what changes them. */
export const archivedSums = ['scope', 'provisioning', 'access', 'keys', 'modelHealth'] as const;
/** What pages read whole, by what it is about. */
export const versioned = [...archivedSums, 'models', 'subjects', 'policies', 'tokens', 'behaviour'] as const;
/** See {@link versioned}. */
export type Versioned = (typeof versioned)[number];

/** A desk of which nothing is known yet. */
export const emptyDesk: DeskView = {
  archive: 'none',
  archiveSince: null,
  queue: { version: 0, waiting: 0 },
  investigations: { version: 0, open: 0 },
  alerts: { version: 0, open: 0 },
  record: { version: 0 },
  approvals: { version: 0, waiting: 0 },
  versions: Object.fromEntries(versioned.map((one) => [one, 0])) as DeskView['versions'],
};

/** One thing that a search found. */
export interface Found {
  readonly kind: 'subject' | 'investigation';
  readonly title: string;
  readonly about: string;
  /** Address of its page. */
  readonly path: string;
}

/** What somebody said of an entry. */
export interface EntryLabel {
  readonly verdict: Exclude<Label['verdict'], 'unknown' | 'withdrawn'>;
  readonly by: string;
  readonly note: string;
  readonly at: number;
}

/** One thing in the queue: a decision that took something away, an alert, or both where the alert is about the decision. */
export interface QueueEntry {
  /** The decision's identifier, else the alert's. */
  readonly id: string;
  readonly subject: string;
  /** What people call the subject: its function, else its identifier. */
  readonly name: string;
  readonly pipeline: string;
  /** The decision's action, else `alert`. */
  readonly action: 'revoke' | 'shorten' | 'narrow' | 'alert';
  readonly mode: Decision['mode'];
  /** The alert's kind; empty without one. */
  readonly kind: string;
  /** Why, in a sentence. */
  readonly text: string;
  readonly decisionId: string | null;
  /** End of the window decided on, epoch milliseconds. */
  readonly windowEnd: number | null;
  /** 0 to 1, see `view/stake.ts`. */
  readonly severity: number;
  /** Other live credentials of the same entity or role. */
  readonly others: number;
  readonly at: number;
  /** What became of it at Vault; null while nobody knows. */
  readonly outcome: Effect['outcome'] | null;
  /** What each person said last. */
  readonly labels: readonly EntryLabel[];
  /** The entries of one episode that the row stands for, this, the worst, first; and when the first and last of them were. */
  readonly episode: { readonly ids: readonly string[]; readonly from: number; readonly to: number };
}

/** A page of the queue. */
export interface QueuePage {
  readonly version: number;
  /** Entries that fit. */
  readonly total: number;
  /** Of all, those that nobody has judged. */
  readonly waiting: number;
  readonly offset: number;
  readonly entries: readonly QueueEntry[];
}

/** One subject in a list. */
export interface SubjectEntry {
  readonly id: string;
  readonly name: string;
  readonly instance: string;
  readonly role: string;
  readonly kind: Credential['kind'] | 'user' | 'frontend';
  readonly pipeline: string;
  /** Null where it has no credential in the register. */
  readonly expiresAt: number | null;
  readonly status: 'alive' | 'ended' | 'unregistered';
  /** Last score, 0 to 1; null while it learns or has none. */
  readonly score: number | null;
  readonly lastAction: Decision['action'] | null;
  /** When something was last heard of it, epoch milliseconds. */
  readonly activeAt: number;
}

/** A page of subjects. */
export interface SubjectPage {
  readonly total: number;
  /** Of all, with any filter. */
  readonly known: number;
  readonly offset: number;
  readonly entries: readonly SubjectEntry[];
}
