import type { Alert, ApiClock, ApiTelemetry, Decision, ScopeOverride, Score } from '../../schemas/generated/index.ts';
import type { InputBatch, Rejected } from '../batch.ts';

/** A batch of API calls. */
export interface CallBatch extends InputBatch {
  /** Call of each message; undefined for clock records and for messages that were rejected. */
  readonly calls: readonly (ApiTelemetry | undefined)[];
  /** Clock records by index of their message. */
  readonly clocks: ReadonlyMap<number, ApiClock>;
  readonly rejected: Rejected[];
}

/** An override to write; a tombstone, which lifts it, where `override` is null. */
export interface OverrideChange {
  readonly subject: string;
  readonly override: ScopeOverride | null;
}

/** What came of a batch of calls. */
export interface ScopeBatch {
  readonly source: CallBatch;
  readonly scores: readonly Score[];
  readonly decisions: readonly Decision[];
  readonly overrides: readonly OverrideChange[];
  readonly alerts: readonly Alert[];
  /** Credentials whose state has to be saved with this batch. */
  readonly touched: ReadonlySet<string>;
  /** Credentials that were silent for so long that they are forgotten. */
  readonly forgotten: readonly string[];
}

/** Counts of what the pipeline saw; the caller reads and resets them. */
export interface ScopeCounts {
  calls: number;
  /** Calls of windows that had closed. */
  late: number;
  /** Calls of an implausible time, and records that cannot be true. */
  rejected: number;
  assessments: number;
  narrowed: number;
  widened: number;
  withheld: number;
}

/** All at nothing. */
export const noScopeCounts = (): ScopeCounts => ({
  calls: 0,
  late: 0,
  rejected: 0,
  assessments: 0,
  narrowed: 0,
  widened: 0,
  withheld: 0,
});
